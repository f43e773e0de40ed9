/** What the back end asks of every instruction, by id of its row: columns of numbers, for names are slow to compare. */

import { ALL_REGISTERS } from '@bpfoundry/codegen'
import {
  INSTRUCTIONS,
  type Insn,
  type InstructionKind,
  type InstructionName,
  type InstructionRow,
  instructionRow,
  registersRead,
  registersWritten,
} from '@bpfoundry/isa'

const DST = 1
const SRC = 2
/** Registers of the probe, apart from those that rows imply. */
const PROBE = { opcode: 0, dst: 7, src: 8, off: 0, imm: 0 } as const
/** r0..r6: all that rows imply, r6 of packet loads. */
const IMPLIED = 0x7f
/** r1..r5: what a callee may read. */
const ARGUMENTS = 0x3e

type Effect = (row: InstructionRow, insn: Insn) => number

/** Bit 0 dst, bit 1 src; from bit 2 on the registers that the row implies. */
function columnOf(effect: Effect): Uint16Array {
  return Uint16Array.from(INSTRUCTIONS, (row) => {
    const mask = effect(row, PROBE)
    const named = ((mask >> PROBE.dst) & 1 ? DST : 0) | ((mask >> PROBE.src) & 1 ? SRC : 0)
    const implied = mask === ALL_REGISTERS ? mask : mask & IMPLIED
    return named | (implied << 2)
  })
}

/** Where a tail call leads, everything may be read; a helper or subprogram may read its arguments. */
const READS = columnOf((row, insn) => {
  if (row.name === 'TAIL_CALL') return ALL_REGISTERS
  return row.kind === 'call' ? registersRead(row, insn) | ARGUMENTS : registersRead(row, insn)
})
const WRITES = columnOf(registersWritten)
const NAMES = Uint8Array.from(
  INSTRUCTIONS,
  ({ dst, src }) => (typeof dst === 'string' ? DST : 0) | (typeof src === 'string' ? SRC : 0),
)

const LEAVING: ReadonlySet<InstructionKind> = new Set(['jump', 'goto', 'may_goto', 'call', 'exit'])
const LEAVES = Uint8Array.from(INSTRUCTIONS, ({ kind }) => (LEAVING.has(kind) ? 1 : 0))

function expand(bits: number, insn: Insn): number {
  let mask = bits >> 2
  if ((bits & DST) !== 0) mask |= 1 << insn.dst
  if ((bits & SRC) !== 0) mask |= 1 << insn.src
  return mask
}

/** Registers read, or that a callee may read; bit n for Rn. */
export function readsOf(row: InstructionRow, insn: Insn): number {
  return expand(READS[row.id] as number, insn)
}

/** Registers written, bit n for Rn. */
export function writesOf(row: InstructionRow, insn: Insn): number {
  return expand(WRITES[row.id] as number, insn)
}

/** The largest register that the instruction names, -1 where it names none. */
export function largestRegister(row: InstructionRow, insn: Insn): number {
  const names = NAMES[row.id] as number
  return Math.max((names & DST) !== 0 ? insn.dst : -1, (names & SRC) !== 0 ? insn.src : -1)
}

/** True where others may run behind the instruction, or where it leaves for code that counts on its own. */
export function leaves(row: InstructionRow): boolean {
  return LEAVES[row.id] === 1
}

const idOf = (name: InstructionName): number => instructionRow(name).id
export const TAIL_CALL: number = idOf('TAIL_CALL')
export const CALL_SUBPROG: number = idOf('CALL_SUBPROG')
export const MAY_GOTO: number = idOf('MAY_GOTO')
