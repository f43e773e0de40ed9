/** Multiplication in steps of some bits each. */
import { gprA, gprB, gprBoth, NO_OPERAND, type Operand } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { high, low, TEMP_B } from '../emit/registers.ts'
import type { InsnRecord } from '../program/insn-record.ts'
import type { Lower, Lowering } from './lowering.ts'

const U16_MAX = 0xffff

/** Factors and where the product goes. */
export interface Product {
  readonly left: Operand
  readonly right: Operand
  readonly lowTo: Operand
  /** Absent: the high half is not wanted. */
  readonly highTo?: Operand
}

/** Both factors have up to 32 bits: six words, one more for the high half. */
export function multiply32(emit: Emission, { left, right, lowTo, highTo }: Product): void {
  emit.mul(left, 'start', 'step1', right)
  for (const step of ['step1', 'step2', 'step3', 'step4'] as const) emit.mul(left, '32x32', step, right)
  emit.mul(lowTo, '32x32', 'last', NO_OPERAND)
  if (highTo !== undefined) emit.mul(highTo, '32x32', 'last2', NO_OPERAND)
}

/** Both have up to 16 bits: four words, and no high half. */
function multiply16(emit: Emission, { left, right, lowTo }: Product): void {
  emit.mul(left, 'start', 'step1', right)
  emit.mul(left, '16x16', 'step1', right)
  emit.mul(left, '16x16', 'step2', right)
  emit.mul(lowTo, '16x16', 'last', NO_OPERAND)
}

/** dst *= right, by what is known of both factors' size. */
function multiply({ emit }: Lowering, record: InsnRecord, right: Operand, rightMax: number, wide: boolean): void {
  const { dst } = record
  const leftMax = lowHalf(record.fact.ranges?.targetMax)
  const product = { left: gprA(low(dst)), right, lowTo: gprBoth(low(dst)) }
  const highTo = gprBoth(high(dst))
  if (leftMax <= U16_MAX && rightMax <= U16_MAX) {
    multiply16(emit, product)
  } else if (wide) {
    multiply32(emit, { ...product, highTo })
  } else {
    multiply32(emit, product)
    emit.load(highTo, 0)
  }
}

const lowHalf = (value = 0n): number => Number(BigInt.asUintN(32, value))

const byRegister =
  (wide: boolean): Lower =>
  (to, record) =>
    multiply(to, record, gprB(low(record.src)), lowHalf(record.fact.ranges?.sourceMax), wide)

const byConstant =
  (wide: boolean): Lower =>
  (to, record) => {
    const factor = record.imm >>> 0
    multiply(to, record, to.emit.unrestricted(factor, TEMP_B), factor, wide)
  }

export const multiply64: Lower = byRegister(true)
export const multiplyConstant64: Lower = byConstant(true)
/** The result has 32 bits, the upper half is cleared. */
export const multiplyRegister32: Lower = byRegister(false)
export const multiplyConstant32: Lower = byConstant(false)
