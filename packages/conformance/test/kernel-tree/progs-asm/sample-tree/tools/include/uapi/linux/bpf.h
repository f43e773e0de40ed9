/* The little that the sample needs of a kernel's header. */
#define ___BPF_FUNC_MAPPER(FN, ctx...)	\
	FN(unspec, 0, ##ctx)		\
	FN(map_lookup_elem, 1, ##ctx)	\
	FN(ktime_get_ns, 5, ##ctx)	\
	FN(tail_call, 12, ##ctx)	\
	FN(loop, 181, ##ctx)

struct __sk_buff {
	unsigned int len;
	unsigned int mark;
};

struct bpf_insn {
	unsigned char code;
	unsigned char dst_reg : 4;
	unsigned char src_reg : 4;
	short off;
	int imm;
};
