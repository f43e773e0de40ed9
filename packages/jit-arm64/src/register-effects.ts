/** Which registers an instruction reads and writes, from bits a row: isa's rules without looking at names again. */
import { INSTRUCTIONS, type Insn, type InstructionRow, registersRead, registersWritten } from '@bpfoundry/isa'

const DST = 1
const SRC = 2
/** Registers of the probe, apart from those that rows imply. */
const PROBE = { opcode: 0, dst: 6, src: 7, off: 0, imm: 0 } as const
const IMPLIED = 0x3f

type Effect = (row: InstructionRow, insn: Insn) => number

/** By id of the row: bit 0 dst, bit 1 src; from bit 2 on the registers that the row implies, of r0..r5. */
function columnOf(effect: Effect): Uint16Array {
  return Uint16Array.from(INSTRUCTIONS, (row) => {
    const mask = effect(row, PROBE)
    const named = ((mask >> PROBE.dst) & 1 ? DST : 0) | ((mask >> PROBE.src) & 1 ? SRC : 0)
    return named | ((mask & IMPLIED) << 2)
  })
}

const READS = columnOf(registersRead)
const WRITES = columnOf(registersWritten)

function expand(bits: number, insn: Insn): number {
  let mask = bits >> 2
  if ((bits & DST) !== 0) mask |= 1 << insn.dst
  if ((bits & SRC) !== 0) mask |= 1 << insn.src
  return mask
}

/** Registers read, bit n for Rn. Of packet loads, which are refused, without r6. */
export function readsOf(row: InstructionRow, insn: Insn): number {
  return expand(READS[row.id] as number, insn)
}

/** Registers written, bit n for Rn. */
export function writesOf(row: InstructionRow, insn: Insn): number {
  return expand(WRITES[row.id] as number, insn)
}
