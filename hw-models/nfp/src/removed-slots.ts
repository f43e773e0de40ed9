import { BPF_CALL, BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, type Insn } from '@bpfoundry/isa'

/** What the verifier tells the driver after it accepted a program: slots that go, and jumps that lead elsewhere. */
export interface VerifierCuts {
  /** 1 for each slot that is gone. */
  readonly removed: Uint8Array
  /** Slots of conditional jumps that now lead to the next slot. */
  readonly wiredToNext: ReadonlySet<number>
}

const JUMP_ALWAYS = BPF_JMP | BPF_JA

function isConditional({ opcode }: Insn): boolean {
  const operation = opcode & 0xf0
  const isJump = (opcode & 7) === BPF_JMP || (opcode & 7) === BPF_JMP32
  return isJump && operation !== BPF_JA && operation !== BPF_CALL && operation !== BPF_EXIT
}

/**
 * Dead code and branches decided for good, in the verifier's order: branches first, then what no path reached, then jumps
 * that lead to the slot that now comes next.
 *
 * @param seen whether a path reached the slot
 * @see opt_hard_wire_dead_code_branches, opt_remove_dead_code, opt_remove_nops in kernel/bpf/verifier.c
 * @see nfp_bpf_opt_replace_insn, nfp_bpf_opt_remove_insns in nfp/bpf/verifier.c
 */
export function verifierCuts(insns: readonly Insn[], seen: (pc: number) => boolean): VerifierCuts {
  const removed = Uint8Array.from(insns, (_, pc) => (seen(pc) ? 0 : 1))
  const wiredToNext = new Set<number>()
  const jumps = insns.map((insn, pc) => {
    if (removed[pc] === 1) return undefined
    if (insn.opcode === JUMP_ALWAYS) return pc + 1 + insn.off
    if (!isConditional(insn)) return undefined
    if (!seen(pc + 1)) {
      if (insn.off === 0) wiredToNext.add(pc)
      return pc + 1 + insn.off
    }
    if (seen(pc + 1 + insn.off)) return undefined
    wiredToNext.add(pc)
    return pc + 1
  })
  for (const [pc, target] of jumps.entries()) {
    if (target !== undefined && target > pc && isNext(removed, pc, target)) removed[pc] = 1
  }
  return { removed, wiredToNext }
}

/** Only slots that are gone lie between a jump and its target. */
function isNext(removed: Uint8Array, pc: number, target: number): boolean {
  for (let between = pc + 1; between < target; between++) if (removed[between] !== 1) return false
  return true
}
