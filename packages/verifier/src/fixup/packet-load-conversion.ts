/** LD_ABS and LD_IND become a call of the helper that loads from the packet, and the end of the function where it fails. */
import {
  BPF_ABS,
  BPF_ADD,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_H,
  BPF_IND,
  BPF_JMP_IMM,
  BPF_JSGE,
  BPF_LD,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { PACKET_LOAD_HELPERS } from '@bpfoundry/kernel-abi'

const CONTEXT_REGISTER = 6

export function isPacketLoad({ opcode }: Insn): boolean {
  const mode = opcode & 0xe0
  return (opcode & 0x07) === BPF_LD && (mode === BPF_ABS || mode === BPF_IND)
}

/**
 * ```
 * r0 = *(u16 *)skb[r3 + 4]   ->   r2 = r3; r2 += 4; r1 = r6; call load; if r0 s>= 0 goto +2; w0 ^= w0; exit
 * ```
 *
 * @see bpf_gen_ld_abs in net/core/filter.c (6.12)
 */
export function convertPacketLoad({ opcode, src, imm }: Insn): readonly Insn[] {
  const size = opcode & 0x18
  const helper = PACKET_LOAD_HELPERS[size === BPF_W ? 4 : size === BPF_H ? 2 : 1]
  const offset = imm === 0 ? [] : [BPF_ALU64_IMM(BPF_ADD, 2, imm)]
  return [
    ...((opcode & 0xe0) === BPF_IND ? [BPF_MOV64_REG(2, src), ...offset] : [BPF_MOV64_IMM(2, imm)]),
    BPF_MOV64_REG(1, CONTEXT_REGISTER),
    BPF_EMIT_CALL(helper),
    BPF_JMP_IMM(BPF_JSGE, 0, 0, 2),
    BPF_ALU32_REG(BPF_XOR, 0, 0),
    BPF_EXIT_INSN(),
  ]
}
