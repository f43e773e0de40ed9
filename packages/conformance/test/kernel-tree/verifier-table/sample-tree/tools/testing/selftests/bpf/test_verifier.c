/* Our own: what the reader needs of the kernel's runner, smaller. */
#include <stdint.h>

typedef uint8_t __u8;
typedef uint32_t __u32;
typedef uint64_t __u64;

enum { BPF_F_TEST_REG_INVARIANTS = 1 << 7 };

struct bpf_insn {
	__u8 code;
	__u8 dst_reg : 4;
	__u8 src_reg : 4;
	int16_t off;
	int32_t imm;
};

struct bpf_func_info {
	__u32 insn_off;
	__u32 type_id;
};

#define INSN(CODE, DST, SRC, OFF, IMM)                                                                                 \
	((struct bpf_insn){ .code = CODE, .dst_reg = DST, .src_reg = SRC, .off = OFF, .imm = IMM })
#define MOV64_IMM(DST, IMM) INSN(0xb7, DST, 0, 0, IMM)
#define EXIT() INSN(0x95, 0, 0, 0, 0)
#define LD_MAP_FD(DST, FD) INSN(0x18, DST, 1, 0, FD), INSN(0, 0, 0, 0, 0)
#define SKIP_INSNS() INSN(0xde, 0xa, 0xd, 0xbeef, 0xdeadbeef)
#define POINTER_VALUE 0xcafe4all

#define TESTDATA                                                                                                       \
	struct {                                                                                                       \
		uint32_t retval, retval_unpriv;                                                                        \
		union {                                                                                                \
			__u8 data[64];                                                                                 \
			__u64 data64[8];                                                                               \
		};                                                                                                     \
	}

struct bpf_test {
	const char *descr;
	struct bpf_insn insns[64];
	struct bpf_insn *fill_insns;
	struct bpf_insn expected_insns[8];
	struct bpf_insn unexpected_insns[8];
	int fixup_map_hash_8b[8];
	int fixup_map_array_48b[8];
	int fixup_prog1[8];
	int fixup_map_in_map[8];
	int fixup_map_spin_lock[8];
	int fixup_map_kptr[8];
	struct {
		const char *kfunc;
		int insn_idx;
	} fixup_kfunc_btf_id[8];
	const char *errstr;
	const char *errstr_unpriv;
	uint32_t insn_processed;
	int prog_len;
	enum { UNDEF, ACCEPT, REJECT, VERBOSE_ACCEPT } result, result_unpriv;
	int prog_type;
	uint8_t flags;
	void (*fill_helper)(struct bpf_test *self);
	int runs;
	union {
		TESTDATA;
		TESTDATA retvals[8];
	};
	int expected_attach_type;
	const char *kfunc;
	struct bpf_func_info func_info[8];
	int func_info_cnt;
	char btf_strings[256];
	__u32 btf_types[256];
};

static void bpf_fill_torturous_jumps(struct bpf_test *self)
{
}

static void bpf_fill_nobody_knows(struct bpf_test *self)
{
}

static struct bpf_test tests[] = {
#include <verifier/tests.h>
};

/* An int, a struct of one, a pointer to it. */
static const char btf_str_sec[] = "\0val\0cnt";
static __u32 btf_raw_types[] = {
	0, 1 << 24, 4, 1 << 24 | 32,
	1, 4 << 24 | 1, 4, 5, 1, 0,
	0, 2 << 24, 2,
	5, 4 << 24 | 2, 16, 1, 3, 0, 5, 3, 64,
};
