/*
 * The verifier's types as far as the nfp driver reads them: members by the names it uses, in our own order. Numbers of
 * register types are those of Linux 6.12 (the firmware's ABI knows them).
 */
#ifndef NFP_BPF_SHIM_H
#define NFP_BPF_SHIM_H

#include "kernel-shim.h"
#include "uapi/linux/bpf.h"

#define MAX_BPF_REG __MAX_BPF_REG
#define MAX_CALL_FRAMES 8
#define BPF_REG_SIZE 8
#define BPF_STACK_BYTES 512

enum bpf_reg_type {
	NOT_INIT = 0,
	SCALAR_VALUE = 1,
	PTR_TO_CTX = 2,
	CONST_PTR_TO_MAP = 3,
	PTR_TO_MAP_VALUE = 4,
	PTR_TO_STACK = 6,
	PTR_TO_PACKET_META = 7,
	PTR_TO_PACKET = 8,
	PTR_TO_PACKET_END = 9,
};

enum { STACK_MISC = 2, STACK_ZERO = 3 };

struct tnum {
	u64 value, mask;
};

static inline bool tnum_is_const(struct tnum number)
{
	return number.mask == 0;
}

static inline int tnum_strn(char *text, size_t size, struct tnum number)
{
	return snprintf(text, size, "(%#llx; %#llx)", (unsigned long long)number.value, (unsigned long long)number.mask);
}

struct bpf_map {
	u32 id, value_size;
	bool neutral;
};

struct bpf_offloaded_map {
	struct bpf_map map;
	void *dev_priv;
};

#define map_to_offmap(pointer) container_of(pointer, struct bpf_offloaded_map, map)
#define bpf_map_offload_neutral(pointer) ((pointer)->neutral)

struct bpf_reg_state {
	enum bpf_reg_type type;
	s32 off;
	struct bpf_map *map_ptr;
	struct tnum var_off;
	u64 umin_value, umax_value;
	u32 id, frameno;
};

struct bpf_stack_state {
	u8 slot_type[BPF_REG_SIZE];
};

struct bpf_func_state {
	struct bpf_reg_state regs[MAX_BPF_REG];
	struct bpf_stack_state stack[BPF_STACK_BYTES / BPF_REG_SIZE];
};

struct bpf_verifier_state {
	struct bpf_func_state *frame[MAX_CALL_FRAMES];
	u32 curframe;
};

struct bpf_insn_aux_data {
	bool zext_dst;
	unsigned int orig_idx;
};

struct bpf_subprog_info {
	u16 stack_depth;
};

struct bpf_prog_offload {
	void *dev_priv;
	struct net_device *netdev;
};

struct bpf_prog_aux {
	struct bpf_prog_offload *offload;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct bpf_verifier_env {
	struct bpf_prog *prog;
	struct bpf_verifier_state *cur_state;
	struct bpf_insn_aux_data *insn_aux_data;
	struct bpf_subprog_info *subprog_info;
	u32 subprog_cnt;
};

void bpf_verifier_log_write(struct bpf_verifier_env *env, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct bpf_reg_state *cur_regs(struct bpf_verifier_env *env)
{
	return env->cur_state->frame[env->cur_state->curframe]->regs;
}

static inline int access_bytes(u8 code)
{
	return BPF_SIZE(code) == BPF_DW ? 8 : BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
}

#define BPF_LDST_BYTES(insn) access_bytes((insn)->code)

#endif
