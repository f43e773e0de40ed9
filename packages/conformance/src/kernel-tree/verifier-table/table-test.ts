import type { TranslationUnit } from '@bpfoundry/c-source'
import { BPF_RAW_INSN, type Insn } from '@bpfoundry/isa'
import { PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { TableRow } from '../test-bpf/table-row.ts'

/** Flags of a test that are the runner's own; others are BPF_F_* of BPF_PROG_LOAD. @see test_verifier.c */
const OWN_FLAG = { EFFICIENT_UNALIGNED_ACCESS: 1, STRICT_ALIGNMENT: 2, JIT_ENABLED: 4 } as const

/** `result`, `result_unpriv`. */
export const RESULT = { UNDEF: 0, ACCEPT: 1, REJECT: 2, VERBOSE_ACCEPT: 3 } as const

/** struct bpf_insn of a row's member. */
export function tableInsns(row: TableRow, member: string): readonly Insn[] {
  return row.rows(member).map((insn) => ({
    opcode: insn.number('code'),
    dst: insn.number('dst_reg'),
    src: insn.number('src_reg'),
    off: insn.number('off'),
    imm: insn.number('imm'),
  }))
}

/** Up to the last instruction with an opcode or an imm, as the runner counts, but at least one. */
export function withoutTail(insns: readonly Insn[]): readonly Insn[] {
  const last = insns.findLastIndex(({ opcode, imm }) => opcode !== 0 || imm !== 0)
  return last < 0 ? [insns[0] ?? BPF_RAW_INSN(0, 0, 0, 0, 0)] : insns.slice(0, last + 1)
}

/** Of a test that names none, a socket filter. */
export function programTypeOf(row: TableRow): number {
  return row.number('prog_type') || PROG_TYPE.SOCKET_FILTER
}

/** Whether the runner loads a test without capabilities, too. @see test_as_unpriv() of test_verifier.c */
export function runsUnprivileged(row: TableRow): boolean {
  const type = programTypeOf(row)
  return type === PROG_TYPE.SOCKET_FILTER || type === PROG_TYPE.CGROUP_SKB
}

/**
 * BPF_F_* that a test is loaded with. The runner asks for BPF_F_TEST_RND_HI32, too, whose random instructions are left
 * out here: the program is the same each time.
 */
export function loadFlags(row: TableRow, runner: TranslationUnit): number {
  const flags = row.number('flags')
  const invariants = attempt(() => runner.evaluateText('BPF_F_TEST_REG_INVARIANTS'))
  let result: number = invariants === undefined ? 0 : PROG_FLAG.TEST_REG_INVARIANTS
  if ((flags & OWN_FLAG.STRICT_ALIGNMENT) !== 0) result |= PROG_FLAG.STRICT_ALIGNMENT
  if ((flags & OWN_FLAG.EFFICIENT_UNALIGNED_ACCESS) !== 0) result |= PROG_FLAG.ANY_ALIGNMENT
  // Where any flag is the kernel's, all are taken for the kernel's: so does the runner.
  const own = OWN_FLAG.EFFICIENT_UNALIGNED_ACCESS | OWN_FLAG.STRICT_ALIGNMENT
  if ((flags & ~own) !== 0) result |= flags & ~PROG_FLAG.TEST_RND_HI32
  return result
}

function attempt<Result>(evaluate: () => Result): Result | undefined {
  try {
    return evaluate()
  } catch {
    return undefined
  }
}
