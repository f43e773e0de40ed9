import { BPF_ALU, BPF_ALU64, BPF_DIV, BPF_K, BPF_MOV, BPF_X, type Insn } from '@bpfoundry/isa'
import { isTranslatedOpcode } from '@bpfoundry/jit-nfp'

/** Instructions whose `off` makes them another one that the card lacks: signed division, sign-extending move. */
const OFF_MUST_BE_ZERO: ReadonlySet<number> = new Set(
  [BPF_ALU64, BPF_ALU].flatMap((cls) => [BPF_K, BPF_X].flatMap((src) => [cls | BPF_DIV | src, cls | BPF_MOV | src])),
)

/** Whether the card's translator knows the instruction. @see nfp_bpf_supported_opcode in nfp/bpf/jit.c */
export function isSupportedInsn(insn: Insn): boolean {
  return isTranslatedOpcode(insn.opcode) && (insn.off === 0 || !OFF_MUST_BE_ZERO.has(insn.opcode))
}
