/**
 * Shifts of 64 bits by a constant: a double shift brings bits from one half into the other.
 *
 * ```
 *   amount < 32    the receiving half: dbl_shf of both; the other one: shifted
 *   amount = 32    one half moves, the other is filled
 *   amount > 32    one half moves, shifted by the rest; the other is filled
 * ```
 */
import { doubleShiftRight, gprA, gprB, gprBoth, imm as immediate, NO_OPERAND, shiftRight } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { high, low } from '../emit/registers.ts'
import type { Lower } from './lowering.ts'
import { fixedLeft, fixedRight } from './shift-amount.ts'

/** Shifts BPF register `dst` by 0 to 255; from 64 on the driver refuses. */
export type ShiftByConstant = (emit: Emission, dst: number, amount: number) => void

const WORD_BITS = 32

export const leftByConstant: ShiftByConstant = (emit, dst, amount) => {
  const [lo, hi] = [low(dst), high(dst)]
  if (amount === 0) return
  if (amount < WORD_BITS) {
    emit.shf(gprBoth(hi), gprA(hi), 'B', gprB(lo), doubleShiftRight(WORD_BITS - amount))
    shifted(emit, lo, lo, fixedLeft(emit, amount))
    return
  }
  if (amount === WORD_BITS) emit.move(gprBoth(hi), gprB(lo))
  else shifted(emit, hi, lo, fixedLeft(emit, amount - WORD_BITS))
  emit.load(gprBoth(lo), 0)
}

export const rightByConstant: ShiftByConstant = (emit, dst, amount) => {
  const [lo, hi] = [low(dst), high(dst)]
  if (amount === 0) return
  if (amount < WORD_BITS) {
    emit.shf(gprBoth(lo), gprA(hi), 'B', gprB(lo), doubleShiftRight(amount))
    shifted(emit, hi, hi, fixedRight(emit, amount))
    return
  }
  if (amount === WORD_BITS) emit.move(gprBoth(lo), gprB(hi))
  else shifted(emit, lo, hi, fixedRight(emit, amount - WORD_BITS))
  emit.load(gprBoth(hi), 0)
}

/** The sign that goes in is the top bit of the previous ALU result. */
export const arithmeticByConstant: ShiftByConstant = (emit, dst, amount) => {
  const [lo, hi] = [low(dst), high(dst)]
  if (amount === 0) return
  if (amount < WORD_BITS) {
    emit.shf(gprBoth(lo), gprA(hi), 'B', gprB(lo), doubleShiftRight(amount))
    emit.alu(NO_OPERAND, gprA(hi), 'OR', immediate(0))
    emit.shf(gprBoth(hi), NO_OPERAND, 'asr', gprB(hi), shiftRight(amount))
    return
  }
  if (amount === WORD_BITS) {
    emit.move(gprBoth(lo), gprB(hi))
  } else {
    emit.alu(NO_OPERAND, gprA(hi), 'OR', immediate(0))
    const shift = fixedRight(emit, amount - WORD_BITS)
    if (shift !== undefined) emit.shf(gprBoth(lo), NO_OPERAND, 'asr', gprB(hi), shift)
  }
  emit.shf(gprBoth(hi), NO_OPERAND, 'asr', gprB(hi), shiftRight(WORD_BITS - 1))
}

function shifted(emit: Emission, dst: number, src: number, shift: ReturnType<typeof fixedLeft>): void {
  if (shift !== undefined) emit.shf(gprBoth(dst), NO_OPERAND, 'B', gprB(src), shift)
}

const constant =
  (shift: ShiftByConstant): Lower =>
  ({ emit }, { dst, imm }) =>
    shift(emit, dst, imm & 0xff)

export const shiftLeftConstant64: Lower = constant(leftByConstant)
export const shiftRightConstant64: Lower = constant(rightByConstant)
export const shiftArithmeticConstant64: Lower = constant(arithmeticByConstant)
