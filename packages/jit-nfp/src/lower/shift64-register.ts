/**
 * Shifts of 64 bits by a register: the amount comes from the A operand of the previous ALU instruction, its low five
 * bits. What the verifier knows of the amount decides between the form for less than 32, the form for more, and both
 * behind a branch on bit 5:
 *
 * ```
 *   br_bset[amount, 5, more]
 *   (less: the half that receives bits)
 *   br[end], defer[2]
 *   (less: the other half, in the two slots)
 * more:
 *   ...
 * end:
 * ```
 */
import {
  doubleShiftRight,
  gprA,
  gprB,
  gprBoth,
  imm as immediate,
  NO_OPERAND,
  shiftLeft,
  shiftRight,
} from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { high, low, TEMP_A, TEMP_BOTH } from '../emit/registers.ts'
import type { Lower } from './lowering.ts'
import { amountRange, constantAmount } from './shift-amount.ts'
import { arithmeticByConstant, leftByConstant, rightByConstant, type ShiftByConstant } from './shift64-constant.ts'

/** Emits part of a shift of BPF register `dst` by `src`. */
type Part = (emit: Emission, dst: number, src: number) => void

/** The forms of one shift. */
interface Forms {
  readonly constant: ShiftByConstant
  /** Amounts below 32: the half that receives bits of the other, first. */
  readonly receiver: Part
  /** Amounts below 32: the other half, in two words. */
  readonly other: Part
  /** Amounts from 32 on, in three words. */
  readonly more: Part
}

/** Puts the amount into the previous ALU result; with `sign`, also the top bit of that register. */
function setAmount(emit: Emission, src: number, sign?: number): void {
  emit.alu(NO_OPERAND, gprA(low(src)), 'OR', sign === undefined ? immediate(0) : gprB(sign))
}

const LEFT: Forms = {
  constant: leftByConstant,
  receiver: (emit, dst, src) => {
    emit.alu(TEMP_BOTH, immediate(32), '-', gprB(low(src)))
    emit.alu(NO_OPERAND, TEMP_A, 'OR', immediate(0))
    emit.shf(gprBoth(high(dst)), gprA(high(dst)), 'B', gprB(low(dst)), doubleShiftRight('indirect'))
  },
  other: (emit, dst, src) => {
    setAmount(emit, src)
    emit.shf(gprBoth(low(dst)), NO_OPERAND, 'B', gprB(low(dst)), shiftLeft('indirect'))
  },
  more: (emit, dst, src) => {
    setAmount(emit, src)
    emit.shf(gprBoth(high(dst)), NO_OPERAND, 'B', gprB(low(dst)), shiftLeft('indirect'))
    emit.load(gprBoth(low(dst)), 0)
  },
}

const receiveRight: Part = (emit, dst, src) => {
  setAmount(emit, src)
  emit.shf(gprBoth(low(dst)), gprA(high(dst)), 'B', gprB(low(dst)), doubleShiftRight('indirect'))
}

const RIGHT: Forms = {
  constant: rightByConstant,
  receiver: receiveRight,
  other: (emit, dst, src) => {
    setAmount(emit, src)
    emit.shf(gprBoth(high(dst)), NO_OPERAND, 'B', gprB(high(dst)), shiftRight('indirect'))
  },
  more: (emit, dst, src) => {
    setAmount(emit, src)
    emit.shf(gprBoth(low(dst)), NO_OPERAND, 'B', gprB(high(dst)), shiftRight('indirect'))
    emit.load(gprBoth(high(dst)), 0)
  },
}

const ARITHMETIC: Forms = {
  constant: arithmeticByConstant,
  receiver: receiveRight,
  other: (emit, dst, src) => {
    setAmount(emit, src, high(dst))
    emit.shf(gprBoth(high(dst)), NO_OPERAND, 'asr', gprB(high(dst)), shiftRight('indirect'))
  },
  more: (emit, dst, src) => {
    setAmount(emit, src, high(dst))
    emit.shf(gprBoth(low(dst)), NO_OPERAND, 'asr', gprB(high(dst)), shiftRight('indirect'))
    emit.shf(gprBoth(high(dst)), NO_OPERAND, 'asr', gprB(high(dst)), shiftRight(31))
  },
}

/** Words of the parts that a branch skips. */
const OTHER_WORDS = 2
const MORE_WORDS = 3

const byRegister =
  (forms: Forms): Lower =>
  ({ emit }, record) => {
    const { dst, src } = record
    const range = amountRange(record)
    const amount = constantAmount(range)
    if (amount !== undefined) forms.constant(emit, dst, amount)
    else if (range.most < 32n) lessThan32(emit, forms, dst, src)
    else if (range.least >= 32n) forms.more(emit, dst, src)
    else eitherWay(emit, forms, dst, src)
  }

function lessThan32(emit: Emission, forms: Forms, dst: number, src: number): void {
  forms.receiver(emit, dst, src)
  forms.other(emit, dst, src)
}

function eitherWay(emit: Emission, forms: Forms, dst: number, src: number): void {
  const receiverWords = forms === LEFT ? 3 : 2
  const more = emit.here + 1 + receiverWords + 1 + OTHER_WORDS
  emit.branchIfSet(gprA(low(src)), 5, more)
  forms.receiver(emit, dst, src)
  const end = more + MORE_WORDS
  emit.branch('br', end, 2)
  forms.other(emit, dst, src)
  emit.expectHere(more)
  forms.more(emit, dst, src)
  emit.expectHere(end)
}

export const shiftLeft64: Lower = byRegister(LEFT)
export const shiftRight64: Lower = byRegister(RIGHT)
export const shiftArithmetic64: Lower = byRegister(ARITHMETIC)
