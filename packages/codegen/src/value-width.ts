/**
 * How many low bits of each register may be set: the value is below 2^width, unsigned. 64 means anything, 0 means zero.
 * A domain of 65 elements a register, ordered by size; the state of a block that several lead to, or that may be entered
 * from elsewhere, is "anything".
 */
import { INSTRUCTIONS, type Insn, type InstructionKind, type InstructionRow, type Operation } from '@bpfoundry/isa'
import { writtenBy } from './liveness.ts'

/** Width by register, r0..r10 and AX. */
export type Widths = Uint8Array

const REGISTERS = 12
const FRAME_POINTER = 10

/**
 * Nothing is known but that the frame pointer is a guest address, of 32 bits. A tail call may enter a program with
 * anything in its registers.
 */
export const NOTHING_KNOWN: Widths = Uint8Array.from({ length: REGISTERS }, (_, register) =>
  register === FRAME_POINTER ? 32 : 64,
)

/** Bits that an unsigned number of 32 bits takes. */
const bitLength = (value: number): number => 32 - Math.clz32(value)

/** Bits that an immediate takes once it is sign-extended to `bits`. */
const immediateWidth = (imm: number, bits: number): number => (imm < 0 ? bits : bitLength(imm))

type Result = (left: number, right: number, bits: number) => number

/**
 * Width of the result by operation, from those of dst and of the other operand, both cut to `bits`. Below each other the
 * reasons: a sum is below twice the larger, a product below the product of the bounds, a quotient and a remainder are at
 * most the dividend (also by zero), or and xor set no new bit, and keeps at most the fewer.
 */
// biome-ignore format: table
const RESULTS: Readonly<Partial<Record<Operation, Result>>> = {
  add: (left, right, bits) => Math.min(bits, Math.max(left, right) + 1),
  mul: (left, right, bits) => Math.min(bits, left + right),
  div: (left) => left,
  mod: (left) => left,
  or:  (left, right) => Math.max(left, right),
  xor: (left, right) => Math.max(left, right),
  and: (left, right) => Math.min(left, right),
  mov: (_, right) => right,
}

/** Shifts by a constant, which the machine cuts to 5 or 6 bits. */
// biome-ignore format: table
const SHIFTS: Readonly<Partial<Record<Operation, Result>>> = {
  lsh: (left, count, bits) => Math.min(bits, left + count),
  rsh: (left, count) => Math.max(0, left - count),
}

const RESULT_OF: readonly (Result | undefined)[] = INSTRUCTIONS.map(({ operation }) => RESULTS[operation])
const SHIFT_OF: readonly (Result | undefined)[] = INSTRUCTIONS.map(({ operation, imm }) =>
  imm === 'imm' ? SHIFTS[operation] : undefined,
)

function aluWidth(row: InstructionRow, insn: Insn, widths: Widths): number {
  const { bits } = row
  const left = Math.min(widths[insn.dst]!, bits)
  const shift = SHIFT_OF[row.id]
  if (shift !== undefined) return shift(left, insn.imm & (bits - 1), bits)
  const right = row.imm === 'imm' ? immediateWidth(insn.imm, bits) : Math.min(widths[insn.src]!, bits)
  return RESULT_OF[row.id]?.(left, right, bits) ?? bits
}

type Width = (row: InstructionRow, insn: Insn, widths: Widths, next: Insn | undefined) => number

/** Width of what an instruction of each kind writes into its destination; 64 where a kind is not named. */
const WIDTHS: Readonly<Partial<Record<InstructionKind, Width>>> = {
  alu: aluWidth,
  neg: ({ bits }) => bits,
  movsx: ({ bits }) => bits,
  swap: ({ bits }) => bits,
  load: ({ bits, operation }) => (operation === 'mem' ? bits : 64),
  load_acq: ({ bits }) => bits,
  atomic: ({ bits }) => bits,
  ld_imm64: ({ operation }, { imm }, _, next) =>
    operation === 'imm' && next?.imm === 0 ? bitLength(imm) : operation === 'func' ? 32 : 64,
}

/** {@link WIDTHS} by a row's id. */
const WIDTH_OF: readonly (Width | undefined)[] = INSTRUCTIONS.map(({ kind }) => WIDTHS[kind])

/** Takes the state over one instruction, in place. `next` is the slot behind it. */
export function stepWidths(widths: Widths, row: InstructionRow, insn: Insn, next: Insn | undefined): void {
  const written = writtenBy(row, insn)
  if (written === 0) return
  const width = WIDTH_OF[row.id]?.(row, insn, widths, next) ?? 64
  // As a rule one register, and the highest one at first.
  for (let left = written; left !== 0; ) {
    const register = 31 - Math.clz32(left)
    widths[register] = width
    left &= ~(1 << register)
  }
}
