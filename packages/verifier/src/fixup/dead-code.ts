/** What the exploration never reached: branches decided for good, instructions dropped. */
import { BPF_JA, BPF_JMP, type Insn } from '@bpfoundry/isa'
import { isConditionalJump, jumpTarget } from '../program/control-flow.ts'

function jumpAlways(off: number): Insn {
  return { opcode: BPF_JMP | BPF_JA, dst: 0, src: 0, off, imm: 0 }
}

/** Conditional jumps of which only one way was ever taken become unconditional. */
export function hardWireBranches(insns: readonly Insn[], seen: Uint8Array): Insn[] {
  return insns.map((insn, pc) => {
    if (seen[pc] === 0 || !isConditionalJump(insn)) return insn
    if (seen[pc + 1] === 0) return jumpAlways(insn.off)
    return seen[jumpTarget(insn, pc)] === 0 ? jumpAlways(0) : insn
  })
}

function isJumpAlways(insn: Insn): boolean {
  return insn.opcode === (BPF_JMP | BPF_JA)
}

/** 1 for the slots that stay: those that were reached, without jumps to the next slot that stays. */
export function slotsKept(insns: readonly Insn[], seen: Uint8Array): Uint8Array {
  const kept = Uint8Array.from(seen)
  insns.forEach((insn, pc) => {
    if (kept[pc] === 0 || !isJumpAlways(insn)) return
    const target = jumpTarget(insn, pc)
    if (target <= pc) return
    for (let between = pc + 1; between < target; between++) if (kept[between] !== 0) return
    kept[pc] = 0
  })
  return kept
}
