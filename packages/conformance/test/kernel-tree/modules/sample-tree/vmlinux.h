#ifndef __VMLINUX_H__
#define __VMLINUX_H__
typedef unsigned int u32;
struct shared { int a; int b; };
struct large { struct shared parts[4]; };
struct kept { int counter; };
typedef struct kept kept_t;
struct btf_id_set8 { u32 cnt; };
struct btf_kfunc_id_set { void *owner; struct btf_id_set8 *set; int (*filter)(void); };
#endif
