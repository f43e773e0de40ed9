/** LD_ABS and LD_IND may end the function that they stand in: a callback must come to its own end. */
import type { Insn } from '@bpfoundry/isa'
import { Refusal } from '../report/refusal.ts'
import type { Subprogram } from '../verification.ts'
import { isFunctionLoad, isSubprogramCall } from './control-flow.ts'

/** `from` and all functions that it calls, or hands over. */
function reachable(insns: readonly Insn[], subprograms: readonly Subprogram[], from: Subprogram): Set<Subprogram> {
  const found = new Set([from])
  for (const { start, end } of found) {
    for (let pc = start; pc < end; pc++) {
      const insn = insns[pc] as Insn
      if (!isSubprogramCall(insn) && !isFunctionLoad(insn)) continue
      found.add(subprograms.find((one) => one.start === pc + insn.imm + 1) as Subprogram)
    }
  }
  return found
}

/** @throws {Refusal} VERIFIER_PACKET_LOAD */
export function checkCallbackPacketLoads(insns: readonly Insn[], subprograms: readonly Subprogram[]): void {
  if (!subprograms.some(({ hasPacketLoad }) => hasPacketLoad)) return
  for (const callback of subprograms.filter(({ isCallback }) => isCallback)) {
    for (const { hasPacketLoad } of reachable(insns, subprograms, callback)) {
      if (!hasPacketLoad) continue
      const message = 'cannot use BPF_LD_[ABS|IND] within callback'
      throw new Refusal({ code: 'VERIFIER_PACKET_LOAD', errno: 'EINVAL', message })
    }
  }
}
