import { BPF_ALU64, BPF_MOV, BPF_X, BPF_XOR } from '@bpfoundry/isa'
import { type InsnRecord, isSkipped } from '../program/insn-record.ts'

const XOR = BPF_ALU64 | BPF_XOR | BPF_X
const MOVE = BPF_ALU64 | BPF_MOV | BPF_X

/**
 * Programs that were classic BPF begin by clearing registers and keeping the context in R6; the card has no use of the
 * latter.
 *
 * @see nfp_bpf_opt_reg_init in nfp/bpf/jit.c
 */
export function dropContextCopy(records: readonly InsnRecord[]): void {
  for (const record of records) {
    const { opcode, dst, src } = record
    if (opcode === XOR && dst === src) continue
    if (opcode === MOVE && src === 1 && dst === 6) record.absorbed = true
    if (!isSkipped(record)) return
  }
}
