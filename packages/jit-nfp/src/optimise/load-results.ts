/** What classic programs do to a value that was just loaded from the packet, and the load has done already. */
import { BPF_ALU64, BPF_AND, BPF_B, BPF_H, BPF_K, BPF_LSH, BPF_RSH, BPF_SIZE, BPF_W } from '@bpfoundry/isa'
import { isClassicLoad } from '../program/insn-kinds.ts'
import type { InsnRecord } from '../program/insn-record.ts'

const MASK = BPF_ALU64 | BPF_AND | BPF_K
const LEFT = BPF_ALU64 | BPF_LSH | BPF_K
const RIGHT = BPF_ALU64 | BPF_RSH | BPF_K

/** Mask that leaves a loaded value as it is, by size. */
const WHOLE: ReadonlyMap<number, number> = new Map([
  [BPF_B, 0xff],
  [BPF_H, 0xffff],
  [BPF_W, -1],
])

/** Of R0, where such loads put their value. */
const onResult = ({ dst, src }: InsnRecord): boolean => dst === 0 && src === 0

/** @see nfp_bpf_opt_ld_mask in nfp/bpf/jit.c */
export function dropLoadMasks(records: readonly InsnRecord[]): void {
  for (const [pc, load] of records.entries()) {
    const mask = records[pc + 1]
    if (mask === undefined || !isClassicLoad(load) || mask.opcode !== MASK || !onResult(mask)) continue
    if (mask.imm === WHOLE.get(BPF_SIZE(load.opcode)) && !mask.isTarget) mask.absorbed = true
  }
}

/** Shifts by 32 to and fro. @see nfp_bpf_opt_ld_shift in nfp/bpf/jit.c */
export function dropLoadShifts(records: readonly InsnRecord[]): void {
  for (const [pc, load] of records.entries()) {
    const first = records[pc + 1]
    const second = records[pc + 2]
    if (first === undefined || second === undefined) return
    if (!isClassicLoad(load) || BPF_SIZE(load.opcode) !== BPF_W || !areOpposite(first, second)) continue
    if ([first, second].some((shift) => !onResult(shift) || shift.imm !== 32 || shift.isTarget)) continue
    first.absorbed = true
    second.absorbed = true
  }
}

function areOpposite({ opcode: first }: InsnRecord, { opcode: second }: InsnRecord): boolean {
  return (first === LEFT && second === RIGHT) || (first === RIGHT && second === LEFT)
}
