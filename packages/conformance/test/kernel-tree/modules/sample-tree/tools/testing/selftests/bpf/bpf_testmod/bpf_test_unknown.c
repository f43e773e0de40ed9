__bpf_kfunc void bpf_test_unknown(void) { }
BTF_KFUNCS_START(ids)
BTF_ID_FLAGS(func, bpf_test_unknown, KF_OF_TOMORROW)
BTF_KFUNCS_END(ids)
static const struct btf_kfunc_id_set set = { .set = &ids };
static int init(void) { return register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &set); }
