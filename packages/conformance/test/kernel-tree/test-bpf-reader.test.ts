/** Reading lib/test_bpf.c, on a tree of our own that has one test of each kind. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { BPF_EXIT_INSN, BPF_MOV64_IMM } from '@bpfoundry/isa'
import { afterAll, describe, expect, it } from 'vitest'
import { KernelTree, type SuiteReading, suiteFiles } from '../../src/index.ts'

const HEADER = `
struct sock_filter { unsigned short code; unsigned char jt, jf; unsigned int k; };
struct bpf_insn { unsigned char code, dst_reg : 4, src_reg : 4; short off; int imm; };
#define NULL ((void *)0)
#define MOV(reg, value) ((struct bpf_insn) { .code = 0xb7, .dst_reg = reg, .imm = value })
#define EXIT() ((struct bpf_insn) { .code = 0x95 })
#define RET(value) { 0x06, 0, 0, value }
`

const DECLARATIONS = `
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
static int bpf_fill_of_tomorrow(struct bpf_test *self) { return 0; }
struct tail_call_test { const char *descr; struct bpf_insn insns[8]; int flags; int result; };
#define FLAG_NEED_STATE 1
#define FLAG_RESULT_IN_STATE 2
struct skb_segment_test { const char *descr; };
`

const TESTS = `
static struct bpf_test tests[] = {
  { "fragment", .u.insns = { RET(7), RET(0) }, CLASSIC | FLAG_SKB_FRAG, { 1, 2 }, { { 2, 7 }, { 0, 8 } }, .frag_data = { 9 } },
  { "refused", .u.insns = { RET(7) }, CLASSIC | FLAG_NO_DATA | FLAG_EXPECTED_FAIL, { }, { }, NULL, -22 },
  { "plain", .u.insns_int = { MOV(0, -1), EXIT() }, INTERNAL, { 1 }, { { 0, 0xffffffff } } },
  { "large", .u.insns_int = { MOV(0, 1), EXIT(), MOV(1, 0) }, INTERNAL | FLAG_LARGE_MEM, { }, { { 64, 1 } } },
  { "made", { }, INTERNAL | FLAG_NO_DATA, { }, { { 0, 5 } }, bpf_fill_maxinsns9 },
  { "of tomorrow", { }, INTERNAL | FLAG_NO_DATA, { }, { { 0, 5 } }, .fill_helper = bpf_fill_of_tomorrow },
};
static struct tail_call_test tail_call_tests[] = {
  { "leaf", .insns = { MOV(0, 1), EXIT() }, .result = 1 },
  { "counts", .insns = { EXIT() }, .flags = FLAG_NEED_STATE | FLAG_RESULT_IN_STATE, .result = -1 },
};
static struct skb_segment_test skb_segment_tests[] = { { .descr = "segments" } };
`

/** Where the first test's brace stands. */
const FIRST_LINE = (DECLARATIONS + TESTS.slice(0, TESTS.indexOf('fragment'))).split('\n').length

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function read(tests: string): SuiteReading {
  const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-test-bpf-'))
  folders.push(folder)
  for (const [path, text] of Object.entries({
    'include/linux/filter.h': HEADER,
    'lib/test_bpf.c': DECLARATIONS + tests,
  })) {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return suiteFiles(new KernelTree(folder), ['test_bpf'], {})[0]?.read() as SuiteReading
}

describe('the tests of lib/test_bpf.c', () => {
  const { cases, problems } = read(TESTS)
  const question = (id: string): object => cases.find((one) => one.id === `test_bpf/${id}`)?.question() ?? {}

  it('have an id by kind and index, and the line of their brace', () => {
    expect(problems).toEqual([])
    expect(cases.map(({ id, line, name }) => [id, line - FIRST_LINE, name])).toEqual([
      ['test_bpf/classic#0', 0, 'fragment'],
      ['test_bpf/classic#1', 1, 'refused'],
      ['test_bpf/internal#2', 2, 'plain'],
      ['test_bpf/internal#3', 3, 'large'],
      ['test_bpf/internal#4', 4, 'made'],
      ['test_bpf/internal#5', 5, 'of tomorrow'],
      ['test_bpf/tail-call#0', 8, 'leaf'],
      ['test_bpf/tail-call#1', 9, 'counts'],
      ['test_bpf/skb-segment#0', 11, 'segments'],
    ])
  })

  it('are classic programs with their data, fragment and refusal', () => {
    const classic = { insns: [{ code: 6, jt: 0, jf: 0, k: 7 }] }
    expect(question('classic#0')).toMatchObject({
      kind: 'classic',
      classic: {
        insns: [...classic.insns, { code: 6, jt: 0, jf: 0, k: 0 }],
        data: Uint8Array.of(1, 2),
        fragment: Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0),
        runs: [
          { dataBytes: 2, result: 7 },
          { dataBytes: 0, result: 8 },
        ],
      },
    })
    expect(question('classic#1')).toMatchObject({ classic: { ...classic, noData: true, refusedWith: 22, runs: [] } })
  })

  it('are internal programs, as long as the kernel counts them, with their context', () => {
    const plain = [BPF_MOV64_IMM(0, -1), BPF_EXIT_INSN()]
    expect(question('internal#2')).toMatchObject({
      kind: 'internal',
      internal: { insns: plain, context: 'socket-buffer', runs: [{ dataBytes: 0, result: 0xffff_ffff }] },
    })
    expect(question('internal#3')).toMatchObject({
      internal: { context: 'memory', runs: [{ dataBytes: 64, result: 1 }] },
    })
    expect(question('internal#3')).toHaveProperty('internal.insns.length', 3)
    expect(question('internal#4')).toHaveProperty('internal.insns.length', 4096)
  })

  it('name the function that fills them in, where it is not known', () => {
    expect(question('internal#5')).toEqual({
      kind: 'not-runnable',
      reason: 'unread',
      detail: `lib/test_bpf.c:${FIRST_LINE + 5}: fill_helper bpf_fill_of_tomorrow is not known`,
    })
  })

  it('are tail calls with the programs of all of them', () => {
    expect(question('tail-call#1')).toMatchObject({
      kind: 'tail-call',
      tailCall: {
        programs: [[BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN()], [BPF_EXIT_INSN()]],
        index: 1,
        needsState: true,
        resultInState: true,
        times: 3,
        result: 0xffff_ffff,
      },
    })
  })

  it('are no question where the kernel has code in the place of data', () => {
    expect(question('skb-segment#0')).toMatchObject({ kind: 'not-runnable', reason: 'not-data' })
  })
})

it('a table that is not read leaves the others, and tells where', () => {
  const { cases, problems } = read(TESTS.replace('RET(7), RET(0)', 'RET(UNKNOWN)'))
  expect(cases.map(({ id }) => id)).toEqual(['test_bpf/tail-call#0', 'test_bpf/tail-call#1', 'test_bpf/skb-segment#0'])
  expect(problems).toMatchObject([{ code: 'C_NAME', where: { source: { file: 'lib/test_bpf.c', line: FIRST_LINE } } }])
})
