import type { Insn } from '@bpfoundry/isa'
import { previousRound, widen } from '../exploration/widening.ts'
import type { PathState } from '../state/path-state.ts'
import type { Verification } from '../verification.ts'

/**
 * `may_goto +off`: any number of rounds falls through, but not endless ones. The path that goes on is the one that jumps;
 * the next round is queued, widened against the one before.
 *
 * @see check_cond_jmp_op in kernel/bpf/verifier.c
 */
export function transferMayGoto(v: Verification, insn: Insn): void {
  // A state was kept here just now: the round before is that of an older one.
  const before = previousRound(v, (v.state.parent?.state ?? v.state) as PathState, v.pc)
  const round = v.pushBranch(v.pc + 1)
  round.mayGotoDepth++
  if (before !== undefined) widen(before.state, round, v.lastId)
  const target = v.pc + insn.off + 1
  v.noteTransfer(target)
  v.pc = target
}
