import {
  BPF_ADD,
  BPF_CLASS,
  BPF_JGE,
  BPF_JLT,
  BPF_JSGE,
  BPF_JSLT,
  BPF_K,
  BPF_OP,
  BPF_SRC,
  BPF_SUB,
} from '@bpfoundry/isa'
import { isAlu, isJump } from '../program/insn-kinds.ts'
import { type InsnRecord, isSkipped } from '../program/insn-record.ts'

const OPPOSITE: ReadonlyMap<number, number> = new Map([
  [BPF_ADD, BPF_SUB],
  [BPF_SUB, BPF_ADD],
])
const COMPARES_BY_SUBTRACTION: ReadonlySet<number> = new Set([BPF_JGE, BPF_JSGE, BPF_JLT, BPF_JSLT])

/**
 * Small negative immediates fit into no operand; their opposites do. Adding -1 becomes subtracting 1, and comparisons
 * that subtract an immediate add its opposite.
 *
 * @see nfp_bpf_opt_neg_add_sub in nfp/bpf/jit.c
 */
export function negateImmediates(records: readonly InsnRecord[]): void {
  for (const record of records) {
    const { opcode, imm } = record
    if (isSkipped(record) || imm >= 0 || BPF_SRC(opcode) !== BPF_K) continue
    if (isJump(record)) {
      if (!COMPARES_BY_SUBTRACTION.has(BPF_OP(opcode))) continue
      record.negated = true
    } else {
      const opposite = isAlu(record) ? OPPOSITE.get(BPF_OP(opcode)) : undefined
      if (opposite === undefined) continue
      record.opcode = BPF_CLASS(opcode) | opposite | BPF_K
    }
    record.imm = -imm | 0
  }
}
