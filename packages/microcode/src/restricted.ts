/**
 * Restricted operands: 8 bits.
 *
 * ```
 *   000nnnnn   general purpose register, relative to the context
 *   1H0nnnnn   transfer register; H adds 32, or 16 in 8-context mode
 *   0100.MM0   transfer register through T_INDEX
 *   0100..M1   next neighbour through its get index
 *   0101Iooo   local memory: I index register, o offset
 *   ii1iiiii   immediate of 7 bits; some words have a bit for the eighth. As destination: none
 * ```
 * @see nfp_asm.h RE_REG_*; binutils opcodes/nfp-dis.c
 */
import type { Operand, OperandKind } from './operand.ts'
import { type PlacedOperands, place, refuse } from './operand-pair.ts'

const LOCAL = 0x50
const LOCAL_INDEX = 0x08
const LOCAL_OFFSET_MAX = 0x7
const IMMEDIATE = 0x20
const XFER = 0x80

/** Most that an immediate operand can be in a word without a bit for the eighth. */
export const RESTRICTED_IMMEDIATE_MAX = 0x7f

/** Registers below 32 are plain; the next 32 transfer registers have bit 6 set. */
const splitXfer = (n: number): number => XFER | (n & 0x1f) | ((n & 0x20) << 1)
const splitImmediate = (value: number): number => IMMEDIATE | (value & 0x1f) | ((value & 0x60) << 1)

const ENCODERS: Partial<Record<OperandKind, readonly [most: number, encode: (value: number) => number]>> = {
  a: [0x1f, (n) => n],
  b: [0x1f, (n) => n],
  both: [0x1f, (n) => n],
  xfer: [0x3f, splitXfer],
  immediate: [RESTRICTED_IMMEDIATE_MAX, splitImmediate],
}

/** One operand in 8 bits, an immediate without its eighth bit. @throws MicrocodeError MICROCODE_OPERAND */
export function encodeRestricted(operand: Operand, isDestination: boolean): number {
  if (operand.kind === 'none') return isDestination ? IMMEDIATE : 0
  if (operand.kind === 'local') return encodeLocal(operand)
  const [most, encode] = ENCODERS[operand.kind] ?? refuse('this operand has no restricted form', operand)
  if (!(operand.value >= 0 && operand.value <= most)) refuse('the operand does not fit', operand, `0 to ${most}`)
  return encode(operand.value)
}

function encodeLocal(operand: Operand): number {
  if (operand.mode !== 'offset') refuse('restricted operands cannot change an index register', operand)
  if (operand.value < 0 || operand.value > LOCAL_OFFSET_MAX) {
    refuse('the offset in local memory does not fit', operand, `0 to ${LOCAL_OFFSET_MAX}`)
  }
  return LOCAL | ((operand.index & 1) * LOCAL_INDEX) | operand.value
}

/** Destination and sources of a word with restricted operands. @throws MicrocodeError MICROCODE_OPERAND */
export const placeRestricted = (dst: Operand, left: Operand, right: Operand): PlacedOperands =>
  place(encodeRestricted, dst, left, right)

/** The same for words that have a bit for the eighth bit of an immediate. @throws MicrocodeError MICROCODE_OPERAND */
export function placeRestrictedWithByte(dst: Operand, left: Operand, right: Operand): PlacedOperands {
  const byte = left.kind === 'immediate' ? left.value : right.kind === 'immediate' ? right.value : 0
  return place(encodeRestricted, dst, lowSeven(left), lowSeven(right), byte > RESTRICTED_IMMEDIATE_MAX)
}

function lowSeven(operand: Operand): Operand {
  if (operand.kind !== 'immediate' || operand.value > 0xff) return operand
  const value = operand.value & RESTRICTED_IMMEDIATE_MAX
  return value === operand.value ? operand : { ...operand, value }
}
