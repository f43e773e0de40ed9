#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif

enum wide {
	HUGE = 9223372036854775808ULL,
};

enum colour {
	RED = 0,
	BLUE = -1,
};

struct bits {
	unsigned int a: 3;
	unsigned int b: 7;
	int: 22;
	enum colour c: 4;
	enum wide d;
	double e;
};

struct node {
	volatile const struct node __attribute__((btf_type_tag("rcu"))) *next;
	unsigned char key[6];
	narrow old;
	long long rest;
	unsigned int;
};

union ahead;

typedef union {
	struct bits b;
	struct node n;
	unsigned char g[2][6];
	union ahead *f;
} alias_t;


/* BPF kfuncs */
#ifndef BPF_NO_KFUNC_PROTOTYPES
#endif

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
