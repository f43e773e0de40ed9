/** Words that calculate, executed one at a time. */
import type {
  AluInstruction,
  DataWord,
  ImmedInstruction,
  LdFieldInstruction,
  MulInstruction,
  ShfInstruction,
} from '@bpfoundry/microcode'
import type { Machine } from '../machine.ts'
import { ALU_FUNCTIONS, type AluResult } from './alu-operations.ts'
import { placeAsSource, readOperand, readWritten, writeOperand } from './operands.ts'
import { arithmeticShifted, shifted } from './shifts.ts'

const OUT: AluResult = { result: 0, carry: 0, overflow: 0 }

/** Writes a result; sets condition codes if the word does. */
function finish(machine: Machine, instruction: DataWord, result: number, carry: number, overflow: number): void {
  if (instruction.setsConditions) {
    machine.result = result
    machine.carry = carry
    machine.overflow = overflow
  }
  machine.previousResult = result
  writeOperand(machine, instruction.dst, result)
}

/** alu */
export function executeAlu(machine: Machine, instruction: AluInstruction): void {
  const left = readOperand(machine, instruction.left)
  const right = readOperand(machine, instruction.right)
  ALU_FUNCTIONS[instruction.op]?.(OUT, left, right, machine.carry)
  machine.previousA = left
  finish(machine, instruction, OUT.result, OUT.carry, OUT.overflow)
}

/** alu_shf, dbl_shf, asr */
export function executeShf(machine: Machine, instruction: ShfInstruction): void {
  const { op, shift } = instruction
  const left = readOperand(machine, instruction.left)
  const right = readOperand(machine, instruction.right)
  const double = shift.direction === 'double'
  const moved = op === 'asr' ? arithmeticShifted(shift, right, machine) : shifted(shift, right, left, machine)
  let result = moved
  if (!double && op !== 'asr') {
    ALU_FUNCTIONS[op === 'byte_align' ? 'B' : op]?.(OUT, left, moved, 0)
    result = OUT.result
  }
  machine.previousA = left
  finish(machine, instruction, result | 0, 0, 0)
}

/** All bits of the bytes that a mask names. */
export function byteMaskBits(byteMask: number): number {
  let bits = 0
  for (let byte = 0; byte < 4; byte++) if (((byteMask >>> byte) & 1) === 1) bits |= 0xff << (8 * byte)
  return bits
}

/** ld_field, ld_field_w_clr */
export function executeLdField(machine: Machine, instruction: LdFieldInstruction): void {
  const bits = byteMaskBits(instruction.byteMask)
  const kept = instruction.clears ? 0 : readOperand(machine, placeAsSource(instruction.dst)) & ~bits
  const moved = shifted(instruction.shift, readOperand(machine, instruction.src), 0, machine)
  finish(machine, instruction, kept | (moved & bits), 0, 0)
}

/** The word that an immed makes of its 16 bits, and the bits of the destination that it writes. */
export function immedParts(instruction: ImmedInstruction): { readonly value: number; readonly written: number } {
  const widthBits = instruction.width === 'byte' ? 0xff : 0xffff
  const moved = ((instruction.value & widthBits) << (8 * instruction.shiftBytes)) | 0
  const written = instruction.width === 'all' ? -1 : (widthBits << (8 * instruction.shiftBytes)) | 0
  return { value: (instruction.invert ? ~moved : moved) & written, written }
}

/** immed; behind `local_csr_rd` it takes what that read instead of its own bits. */
export function executeImmed(machine: Machine, instruction: ImmedInstruction, takesCsr: boolean): void {
  const { value, written } = immedParts(instruction)
  const fresh = takesCsr ? machine.csr : value
  const kept = written === -1 ? 0 : readWritten(machine, instruction.dst) & ~written
  finish(machine, instruction, kept | (fresh & written), 0, 0)
}

/** Widths of the factors, by type of the multiplication. */
export const FACTOR_MASKS: Readonly<Record<MulInstruction['type'], readonly [a: number, b: number]>> = {
  start: [-1, -1],
  '24x8': [0xffffff, 0xff],
  '16x16': [0xffff, 0xffff],
  '32x32': [-1, -1],
}

/** The upper 32 bits of a 64-bit product of unsigned words. */
export function upperProduct(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const lower = (middle % 0x10000) + aLow * bHigh
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(lower / 0x10000)) | 0
}

/** mul_step: the factors are taken at the start; the product is there at the last steps, whatever the steps between are. */
export function executeMul(machine: Machine, instruction: MulInstruction): void {
  const { type, step } = instruction
  if (type === 'start') {
    machine.mulA = readOperand(machine, instruction.left)
    machine.mulB = readOperand(machine, instruction.right)
  }
  if (type === 'start' || (step !== 'last' && step !== 'last2')) return
  const [maskA, maskB] = FACTOR_MASKS[type]
  const a = machine.mulA & maskA
  const b = machine.mulB & maskB
  finish(machine, instruction, step === 'last' ? Math.imul(a, b) : upperProduct(a, b), 0, 0)
}
