/** A kernel tree of our own with one test of each kind: enough of C for lib/test_bpf.c. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const HEADER = `
struct sock_filter { unsigned short code; unsigned char jt, jf; unsigned int k; };
struct bpf_insn { unsigned char code, dst_reg : 4, src_reg : 4; short off; int imm; };
#define NULL ((void *)0)
#define MOV(reg, value) ((struct bpf_insn) { .code = 0xb7, .dst_reg = reg, .imm = value })
#define EXIT() ((struct bpf_insn) { .code = 0x95 })
#define RET(value) { 0x06, 0, 0, value }
`

export const DECLARATIONS = `
#include <linux/filter.h>
#define MAX_DATA 8
#define MAX_TESTRUNS 3
enum { FLAG_NO_DATA = 1, FLAG_EXPECTED_FAIL = 2, FLAG_SKB_FRAG = 4, FLAG_LARGE_MEM = 16, CLASSIC = 64, INTERNAL = 128 };
struct bpf_test {
  const char *descr;
  union { struct sock_filter insns[8]; struct bpf_insn insns_int[8]; struct { void *insns; unsigned int len; } ptr; } u;
  unsigned char aux;
  unsigned char data[MAX_DATA];
  struct { int data_size; unsigned int result; } test[3];
  int (*fill_helper)(struct bpf_test *self);
  int expected_errcode;
  unsigned char frag_data[MAX_DATA];
};
static int bpf_fill_maxinsns9(struct bpf_test *self) { return 0; }
static int bpf_fill_staggered_ja(struct bpf_test *self) { return 0; }
static int bpf_fill_of_tomorrow(struct bpf_test *self) { return 0; }
struct tail_call_test { const char *descr; struct bpf_insn insns[8]; int flags; int result; };
#define FLAG_NEED_STATE 1
#define FLAG_RESULT_IN_STATE 2
struct skb_segment_test { const char *descr; };
`

export const TESTS = `
static struct bpf_test tests[] = {
  { "fragment", .u.insns = { RET(7), RET(0) }, CLASSIC | FLAG_SKB_FRAG, { 1, 2 }, { { 2, 7 }, { 0, 8 } }, .frag_data = { 9 } },
  { "refused", .u.insns = { RET(7) }, CLASSIC | FLAG_NO_DATA | FLAG_EXPECTED_FAIL, { }, { }, NULL, -22 },
  { "plain", .u.insns_int = { MOV(0, -1), EXIT() }, INTERNAL, { 1 }, { { 0, 0xffffffff } } },
  { "large", .u.insns_int = { MOV(0, 1), EXIT(), MOV(1, 0) }, INTERNAL | FLAG_LARGE_MEM, { }, { { 64, 1 } } },
  { "made", { }, INTERNAL | FLAG_NO_DATA, { }, { { 0, 5 } }, bpf_fill_maxinsns9 },
  { "too far", { }, INTERNAL | FLAG_NO_DATA, { }, { { 0, 0xffffffff } }, bpf_fill_staggered_ja },
  { "of tomorrow", { }, INTERNAL | FLAG_NO_DATA, { }, { { 0, 5 } }, .fill_helper = bpf_fill_of_tomorrow },
};
static struct tail_call_test tail_call_tests[] = {
  { "leaf", .insns = { MOV(0, 1), EXIT() }, .result = 1 },
  { "counts", .insns = { EXIT() }, .flags = FLAG_NEED_STATE | FLAG_RESULT_IN_STATE, .result = -1 },
};
static struct skb_segment_test skb_segment_tests[] = { { .descr = "segments" } };
`

/** Writes the tree. @param tests tables, such as {@link TESTS} */
export function writeTestBpfTree(folder: string, tests: string): void {
  const files = { 'include/linux/filter.h': HEADER, 'lib/test_bpf.c': DECLARATIONS + tests }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
