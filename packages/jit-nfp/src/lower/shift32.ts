/** Shifts of 32 bits. Shifts by a register take their amount from the previous ALU instruction (indirect). */
import {
  gprA,
  gprB,
  gprBoth,
  imm as immediate,
  NO_OPERAND,
  type ShfOp,
  type Shift,
  shiftLeft,
  shiftRight,
} from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { low } from '../emit/registers.ts'
import type { InsnRecord } from '../program/insn-record.ts'
import { type Lower, type Lowering, zeroExtend } from './lowering.ts'
import { amountRange, constantAmount, fixedLeft, fixedRight } from './shift-amount.ts'

/** One of the three shifts. */
interface Kind {
  readonly op: ShfOp
  readonly indirect: Shift
  readonly fixed: (emit: Emission, amount: number) => Shift | undefined
  /** The sign goes in: the previous ALU result has it in its top bit. */
  readonly signed: boolean
}

const LEFT: Kind = { op: 'B', indirect: shiftLeft('indirect'), fixed: fixedLeft, signed: false }
const RIGHT: Kind = { op: 'B', indirect: shiftRight('indirect'), fixed: fixedRight, signed: false }
const ARITHMETIC: Kind = { op: 'asr', indirect: shiftRight('indirect'), fixed: fixedRight, signed: true }

function byConstant(to: Lowering, record: InsnRecord, kind: Kind, amount: number): void {
  const { emit } = to
  const gpr = low(record.dst)
  if (amount !== 0) {
    const shift = kind.fixed(emit, amount)
    if (kind.signed) emit.alu(NO_OPERAND, gprA(gpr), 'OR', immediate(0))
    if (shift !== undefined) emit.shf(gprBoth(gpr), NO_OPERAND, kind.op, gprB(gpr), shift)
  }
  zeroExtend(to, record)
}

const shiftConstant =
  (kind: Kind): Lower =>
  (to, record) =>
    byConstant(to, record, kind, record.imm & 0xff)

const shiftRegister =
  (kind: Kind): Lower =>
  (to, record) => {
    const amount = constantAmount(amountRange(record))
    if (amount !== undefined) {
      byConstant(to, record, kind, amount)
      return
    }
    const gpr = low(record.dst)
    to.emit.alu(NO_OPERAND, gprA(low(record.src)), 'OR', kind.signed ? gprB(gpr) : immediate(0))
    to.emit.shf(gprBoth(gpr), NO_OPERAND, kind.op, gprB(gpr), kind.indirect)
    zeroExtend(to, record)
  }

export const shiftLeft32: Lower = shiftRegister(LEFT)
export const shiftRight32: Lower = shiftRegister(RIGHT)
export const shiftArithmetic32: Lower = shiftRegister(ARITHMETIC)
export const shiftLeftConstant32: Lower = shiftConstant(LEFT)
export const shiftRightConstant32: Lower = shiftConstant(RIGHT)
export const shiftArithmeticConstant32: Lower = shiftConstant(ARITHMETIC)
