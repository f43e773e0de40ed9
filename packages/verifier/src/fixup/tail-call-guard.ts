/** A tail call is an instruction of its own; that of an untrusted program looks at its index first. */
import {
  BPF_ALU32_IMM,
  BPF_AND,
  BPF_CALL,
  BPF_JGE,
  BPF_JMP,
  BPF_JMP_IMM,
  BPF_REG_3,
  BPF_TAIL_CALL,
  type Insn,
} from '@bpfoundry/isa'

const TAIL_CALL_HELPER = 12

const TAIL_CALL_INSN: Insn = { opcode: BPF_JMP | BPF_TAIL_CALL, dst: 0, src: 0, off: 0, imm: 0 }

export function isTailCall(insn: Insn): boolean {
  return insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0 && insn.imm === TAIL_CALL_HELPER
}

/** Ones up to the highest bit that an index below `entries` may have. */
function indexMask(entries: number): number {
  return entries <= 1 ? 0 : 2 ** (32 - Math.clz32(entries - 1)) - 1
}

/**
 * `if r3 >= entries goto +2; w3 &= mask; tail_call`: all 64 bits of the index count, and speculation stays in the map.
 *
 * @param guardedEntries entries of the map, for an untrusted program
 * @see do_misc_fixups in kernel/bpf/verifier.c (6.12)
 */
export function convertTailCall(guardedEntries: number | undefined): readonly Insn[] {
  if (guardedEntries === undefined) return [TAIL_CALL_INSN]
  return [
    BPF_JMP_IMM(BPF_JGE, BPF_REG_3, guardedEntries | 0, 2),
    BPF_ALU32_IMM(BPF_AND, BPF_REG_3, indexMask(guardedEntries) | 0),
    TAIL_CALL_INSN,
  ]
}
