/** Division by a constant: the card has no divider. */
import { ERRNO } from '@bpfoundry/kernel-abi'
import { gprA, gprBoth, imm as immediate, NO_OPERAND, type Operand } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { low, TEMP_A, TEMP_B, TEMP_BOTH } from '../emit/registers.ts'
import type { Lower } from './lowering.ts'
import { multiply32 } from './multiply.ts'
import { type Reciprocal, reciprocal } from './reciprocal.ts'
import { fixedRight } from './shift-amount.ts'

const U32_MAX = 0xffffffffn
const HIGHEST_RECIPROCAL = 2 ** 31
const U64_MAX = 0xffffffffffffffffn

/** gpr = gpr / divisor, 32 bits. */
function divide(emit: Emission, gpr: number, divisor: bigint): void {
  if (divisor === 0n) {
    emit.refuse(ERRNO.EINVAL, 'division by a constant zero')
  } else if (divisor > U32_MAX) {
    emit.load(gprBoth(gpr), 0)
  } else if (divisor > HIGHEST_RECIPROCAL) {
    divideOnce(emit, gpr, Number(divisor))
  } else {
    divideByReciprocal(emit, gpr, Number(divisor))
  }
}

/** The quotient is 0 or 1: the carry of dst - divisor. */
function divideOnce(emit: Emission, gpr: number, divisor: number): void {
  emit.compare(gprA(gpr), emit.unrestricted(divisor, TEMP_B))
  emit.load(TEMP_A, 0)
  emit.alu(gprBoth(gpr), TEMP_A, '+carry', immediate(0))
}

function divideByReciprocal(emit: Emission, gpr: number, divisor: number): void {
  const first = reciprocal(divisor, 32)
  const evenBits = first.wide && divisor % 2 === 0 ? 31 - Math.clz32(divisor & -divisor) : 0
  const chosen = evenBits === 0 ? first : reciprocal(divisor >>> evenBits, 32 - evenBits)
  const multiplier = emit.unrestricted(chosen.multiplier, TEMP_B)
  if (divisor === 2 ** first.exponent) shiftDown(emit, gpr, first.exponent)
  else if (chosen.wide) divideWide(emit, gpr, multiplier, chosen)
  else divideNarrow(emit, gpr, multiplier, chosen, evenBits)
}

/** ((n - h) / 2 + h) >> (shift - 1), where h is the high half of n * multiplier. */
function divideWide(emit: Emission, gpr: number, multiplier: Operand, { shift }: Reciprocal): void {
  multiply32(emit, { left: gprA(gpr), right: multiplier, lowTo: NO_OPERAND, highTo: TEMP_BOTH })
  emit.alu(gprBoth(gpr), gprA(gpr), '-', TEMP_B)
  shiftDown(emit, gpr, 1)
  emit.alu(gprBoth(gpr), gprA(gpr), '+', TEMP_B)
  shiftDown(emit, gpr, shift - 1)
}

function divideNarrow(emit: Emission, gpr: number, multiplier: Operand, { shift }: Reciprocal, evenBits: number): void {
  if (evenBits !== 0) shiftDown(emit, gpr, evenBits)
  multiply32(emit, { left: gprA(gpr), right: multiplier, lowTo: NO_OPERAND, highTo: gprBoth(gpr) })
  shiftDown(emit, gpr, shift)
}

function shiftDown(emit: Emission, gpr: number, bits: number): void {
  const shift = fixedRight(emit, bits & 0xff)
  if (shift !== undefined) emit.shf(gprBoth(gpr), NO_OPERAND, 'B', gprA(gpr), shift)
}

/** Both widths: the dividend has at most 32 bits. */
export const divideConstant: Lower = ({ emit }, { dst, imm }) => divide(emit, low(dst), BigInt.asUintN(64, BigInt(imm)))

/** The verifier hook let only registers through that always hold one number. */
export const divideRegister: Lower = ({ emit }, { dst, fact }) =>
  divide(emit, low(dst), fact.ranges?.sourceMin ?? U64_MAX)
