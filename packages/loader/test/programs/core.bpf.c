/* SPDX-License-Identifier: MIT */
/* What a program asks of a kernel's types: each function is one relocation. core-kernel.bpf.c has the kernel's. */
#include "bpf.h"

struct inner___mine { int deep; } __attribute__((preserve_access_index));

struct thing {
	int first;
	unsigned short narrow;
	int negative;
	unsigned int flags : 3;
	int list[4];
	struct { int within; };
	struct inner___mine *next;
	int absent;
	char retyped;
} __attribute__((preserve_access_index));

struct thing___old { int first; long gone; } __attribute__((preserve_access_index));
struct nowhere { int any; } __attribute__((preserve_access_index));
struct twice { int a; } __attribute__((preserve_access_index));
enum colour { RED = 1, GREEN = 2 };
enum colour___new { BLUE___x = 9, WHITE = 10 };
typedef int number;
struct shape { int first; struct inner *next; };

#define PROGRAM(name, what) SEC("socket") int name(struct thing *thing) { return what; }
#define INFO(name, what, kind) PROGRAM(name, __builtin_preserve_field_info(what, kind))
#define TYPE(name, type, kind) PROGRAM(name, __builtin_preserve_type_info(*(type *)0, kind))
#define VALUE(name, type, value, kind) PROGRAM(name, __builtin_preserve_enum_value(*(type *)value, kind))

INFO(offset, thing->list[2], 0)
INFO(offset_within, thing->within, 0)
INFO(size, thing->narrow, 1)
INFO(exists, thing->next, 2)
INFO(exists_absent, thing->absent, 2)
INFO(exists_retyped, thing->retyped, 2)
INFO(exists_flavour, ((struct thing___old *)thing)->gone, 2)
INFO(is_signed, thing->negative, 3)
INFO(left_shift, thing->flags, 4)
INFO(right_shift, thing->flags, 5)
INFO(missing_offset, thing->absent, 0)
INFO(missing_struct, ((struct nowhere *)thing)->any, 0)
#ifndef WITHOUT_AMBIGUOUS
INFO(ambiguous, ((struct twice *)thing)->a, 0)
#endif
TYPE(type_exists, struct thing, 0)
TYPE(type_missing, struct nowhere, 0)
TYPE(type_size, struct thing, 1)
TYPE(typedef_exists, number, 0)
TYPE(type_matches, struct shape, 2)
TYPE(type_differs, struct thing, 2)
PROGRAM(enumerator, __builtin_preserve_enum_value(*(enum colour *)GREEN, 1))
PROGRAM(enumerator_flavour, __builtin_preserve_enum_value(*(enum colour___new *)BLUE___x, 1))
PROGRAM(enumerator_exists, __builtin_preserve_enum_value(*(enum colour *)RED, 0))
PROGRAM(enumerator_missing, __builtin_preserve_enum_value(*(enum colour___new *)WHITE, 0))
PROGRAM(load, thing->first)
PROGRAM(load_wider, thing->narrow)
PROGRAM(load_signed, thing->negative)

char _license[] SEC("license") = "GPL";
