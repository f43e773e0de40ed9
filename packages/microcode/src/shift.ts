/**
 * How a shifted operand moves. Left shifts are stored as 32 minus the amount; an amount of 0 means: the amount that the
 * previous ALU instruction left (indirect), but for rotations.
 *
 * @see nfp_asm.h enum shf_sc
 */
import { MicrocodeError } from './microcode-error.ts'

/** Direction of a shift. `none` and `rotate` are one direction: a rotation by 0 moves nothing. */
export type ShiftDirection = 'none' | 'rotate' | 'right' | 'left' | 'double'

/** A shift: by `amount` bits, 1 to 31, or `indirect`. */
export interface Shift {
  readonly direction: ShiftDirection
  readonly amount: number | 'indirect'
}

/** Not moved. */
export const NO_SHIFT: Shift = { direction: 'none', amount: 0 }
/** >>rotN */
export const rotateRight = (amount: number): Shift => ({ direction: 'rotate', amount })
/** >>N */
export const shiftRight = (amount: number | 'indirect'): Shift => ({ direction: 'right', amount })
/** <<N */
export const shiftLeft = (amount: number | 'indirect'): Shift => ({ direction: 'left', amount })
/** The low word of both operands, the left one above the right one, moved right. */
export const doubleShiftRight = (amount: number | 'indirect'): Shift => ({ direction: 'double', amount })

const CONTROLS: Readonly<Record<ShiftDirection, number>> = { none: 0, rotate: 0, right: 1, left: 2, double: 3 }
const WORD_WIDTH = 32

/** The fields of a shift: control and stored amount. @throws MicrocodeError MICROCODE_FIELD */
export function shiftFields(shift: Shift): { readonly sc: number; readonly shift: number } {
  const sc = CONTROLS[shift.direction]
  if (shift.amount === 'indirect') {
    if (sc === 0) outOfRange('a rotation cannot be indirect', shift.amount)
    return { sc, shift: 0 }
  }
  const least = sc === 0 ? 0 : 1
  if (!Number.isInteger(shift.amount) || shift.amount < least || shift.amount >= WORD_WIDTH) {
    outOfRange('the shift amount does not fit', shift.amount)
  }
  return { sc, shift: shift.direction === 'left' ? WORD_WIDTH - shift.amount : shift.amount }
}

function outOfRange(message: string, got: number | string): never {
  throw new MicrocodeError({ code: 'MICROCODE_FIELD', message, got, expected: '1 to 31, or 0 for a rotation' })
}
