/* A module as the reader meets it: what only the kernel's headers explain is passed over. */
#include <linux/bpf.h>
#include "bpf_testmod.h"
#include "bpf_testmod-events.h"

DEFINE_PER_CPU(int, bpf_testmod_count) = 123;

noinline int bpf_testmod_traced(struct large *first, u32 second)
{
	return first->parts[second].a;
}

ALLOW_ERROR_INJECTION(bpf_testmod_traced, ERRNO);

__bpf_kfunc struct bpf_testmod_own *
bpf_testmod_own_get(struct shared *from__nullable, void *mem, int mem__sz)
{
	return NULL;
}

__bpf_kfunc void bpf_testmod_own_put(struct bpf_testmod_own *own) { kfree(own); }
__bpf_kfunc void bpf_testmod_for_all(void) { }
__bpf_kfunc void bpf_testmod_filtered(void) { }
__bpf_kfunc struct shared *bpf_testmod_older(struct shared **slot) { return *slot; }

BTF_KFUNCS_START(bpf_testmod_ids)
BTF_ID_FLAGS(func, bpf_testmod_own_get, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_testmod_own_put, KF_RELEASE | KF_FASTCALL)
BTF_ID_FLAGS(func, bpf_testmod_older, KF_ACQUIRE | KF_KPTR_GET)
BTF_KFUNCS_END(bpf_testmod_ids)

BTF_SET8_START(bpf_testmod_common_ids)
BTF_ID_FLAGS(func, bpf_testmod_for_all)
BTF_SET8_END(bpf_testmod_common_ids)

BTF_KFUNCS_START(bpf_testmod_filtered_ids)
BTF_ID_FLAGS(func, bpf_testmod_filtered)
BTF_KFUNCS_END(bpf_testmod_filtered_ids)

BTF_ID_LIST(bpf_testmod_dtor_ids)
BTF_ID(struct, bpf_testmod_own)
BTF_ID(func, bpf_testmod_own_put)

static const struct btf_kfunc_id_set bpf_testmod_set = { .owner = THIS_MODULE, .set = &bpf_testmod_ids };
static const struct btf_kfunc_id_set bpf_testmod_common_set = { .owner = THIS_MODULE, .set = &bpf_testmod_common_ids };
static int bpf_testmod_filter(void)
{
	return 0;
}

static const struct btf_kfunc_id_set bpf_testmod_filtered_set = {
	.owner	= THIS_MODULE,
	.set	= &bpf_testmod_filtered_ids,
	.filter	= bpf_testmod_filter,
};

static int bpf_testmod_init(void)
{
	int ret = register_btf_kfunc_id_set(BPF_PROG_TYPE_UNSPEC, &bpf_testmod_common_set);

	ret = ret ?: register_btf_id_dtor_kfuncs(dtors, 1, THIS_MODULE);
	ret = ret ?: register_btf_kfunc_id_set(BPF_PROG_TYPE_SCHED_CLS, &bpf_testmod_set);
	ret = ret ?: register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &bpf_testmod_set);
	return ret ?: register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &bpf_testmod_filtered_set);
}

module_init(bpf_testmod_init);
