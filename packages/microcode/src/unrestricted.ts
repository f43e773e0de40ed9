/**
 * Unrestricted operands: 10 bits.
 *
 * ```
 *   000nnnnnnn   general purpose register, relative to the context
 *   001nnnnnnn   general purpose register, absolute
 *   010....MM.   transfer register through T_INDEX: 01 increments it, 10 decrements it
 *   011H0nnnnn   transfer register; H adds 32, or 16 in 8-context mode
 *   1000Ioooo    local memory: I index register, o offset; with bit 4: post modification, bit 0 decrements
 *   1001......   next neighbour through its get index; bit 1 increments it
 *   1010nnnnnn   next neighbour register
 *   11iiiiiiii   immediate; as destination: none
 * ```
 * @see nfp_asm.h UR_REG_*; binutils opcodes/nfp-dis.c
 */
import type { Operand, OperandKind } from './operand.ts'
import { type PlacedOperands, place, refuse } from './operand-pair.ts'

const ABSOLUTE = 0x080
const XFER = 0x180
const LOCAL = 0x200
const LOCAL_INDEX = 0x20
const LOCAL_POST_MODIFY = 0x10
const LOCAL_DECREMENT = 0x01
const LOCAL_OFFSET_MAX = 0xf
const NEIGHBOUR = 0x280
/** No destination, or an immediate of 0. */
export const UNRESTRICTED_IMMEDIATE = 0x300

/** Most that an immediate operand can be. */
export const UNRESTRICTED_IMMEDIATE_MAX = 0xff

/** The first 32 transfer registers are plain; the next 32 have bit 6 set. */
const splitXfer = (n: number): number => XFER | (n & 0x1f) | ((n & 0x20) << 1)

const ENCODERS: Partial<Record<OperandKind, readonly [most: number, encode: (value: number) => number]>> = {
  a: [0x1f, (n) => n],
  b: [0x1f, (n) => n],
  both: [0x1f, (n) => n],
  absoluteA: [0x7f, (n) => ABSOLUTE | n],
  absoluteB: [0x7f, (n) => ABSOLUTE | n],
  absoluteBoth: [0x7f, (n) => ABSOLUTE | n],
  xfer: [0x3f, splitXfer],
  neighbour: [0x1f, (n) => NEIGHBOUR | n],
  immediate: [UNRESTRICTED_IMMEDIATE_MAX, (value) => UNRESTRICTED_IMMEDIATE | value],
}

/** One operand in 10 bits. @throws MicrocodeError MICROCODE_OPERAND */
export function encodeUnrestricted(operand: Operand, isDestination: boolean): number {
  if (operand.kind === 'none') return isDestination ? UNRESTRICTED_IMMEDIATE : 0
  if (operand.kind === 'local') return encodeLocal(operand)
  const [most, encode] = ENCODERS[operand.kind] ?? refuse('this operand has no unrestricted form', operand)
  if (!(operand.value >= 0 && operand.value <= most)) refuse('the operand does not fit', operand, `0 to ${most}`)
  return encode(operand.value)
}

function encodeLocal(operand: Operand): number {
  const base = LOCAL | ((operand.index & 1) * LOCAL_INDEX)
  if (operand.mode !== 'offset') {
    return base | LOCAL_POST_MODIFY | (operand.mode === 'decrement' ? LOCAL_DECREMENT : 0)
  }
  if (operand.value < 0 || operand.value > LOCAL_OFFSET_MAX) {
    refuse('the offset in local memory does not fit', operand, `0 to ${LOCAL_OFFSET_MAX}`)
  }
  return base | operand.value
}

/** Destination and sources of a word with unrestricted operands. @throws MicrocodeError MICROCODE_OPERAND */
export const placeUnrestricted = (dst: Operand, left: Operand, right: Operand): PlacedOperands =>
  place(encodeUnrestricted, dst, left, right)
