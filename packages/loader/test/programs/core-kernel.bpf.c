/* SPDX-License-Identifier: MIT */
/* The types of a kernel that core.bpf.c is relocated to. */
#include "bpf.h"

struct inner { int deep; };

struct thing {
	long moved;
	int first;
	int flags : 7;
	union { struct { short other; int within; }; long all; };
	unsigned int narrow;
	short negative;
	int list[8];
	struct inner *next;
	struct inner retyped;
};

struct shape { long before; int first; struct inner *next; };
enum colour { GREEN = 70000, RED = -3, BLUE = 5 };
typedef int number;
struct twice { int a; };

struct thing *thing_used;
struct shape *shape_used;
number number_used;
enum colour colour_used;
struct twice *twice_used;

/* Another type of the same name, as two files of a kernel may have it. */
SEC("socket") int other_twice(void *ctx)
{
	struct twice { long before; int a; };
	static struct twice *volatile used;
	return used != 0;
}

char _license[] SEC("license") = "GPL";
