/** Division by constants that needs no division. */
import type { Assembler } from '../asm/assembler.ts'
import { type Form, form } from '../asm/form.ts'
import type { Register } from '../asm/register.ts'
import { SCRATCH } from '../register-map.ts'
import { moveConstant } from './constant.ts'
import type { Division } from './divide.ts'
import { andImmediate, SUB } from './immediate-arithmetic.ts'
import type { Width } from './lowering.ts'
import { log2Exact } from './multiply.ts'

type Forms = Readonly<Record<Width, Form>>

const XOR = form('XOR r/m32, r32')
const MOV32 = form('MOV r/m32, r32')
const NEG: Forms = { 32: form('NEG r/m32'), 64: form('NEG r/m64') }
const SHR: Forms = { 32: form('SHR r/m32, imm8'), 64: form('SHR r/m64, imm8') }
const IMUL64 = form('IMUL r64, r/m64')
const IMUL_IMM32 = form('IMUL r32, r/m32, imm32')

/**
 * Divides by 0, 1, -1, powers of two, and in 32 bits by most others, without a division.
 *
 * @returns false, and writes nothing, for the others
 */
export function divideByConstant(asm: Assembler, division: Division, to: Register, imm: number): boolean {
  if (imm === 0 || imm === 1 || (imm === -1 && division.signed)) trivial(asm, division, to, imm)
  else if (division.signed) return false
  else if (!powerOfTwo(asm, division, to, imm))
    return division.bits === 32 && byReciprocal(asm, division, to, imm >>> 0)
  return true
}

/** The result is dst, -dst or 0. */
function trivial(asm: Assembler, { bits, remainder }: Division, to: Register, imm: number): void {
  const unchanged = remainder ? imm === 0 : imm === 1
  if (imm === -1 && !remainder) asm.r(NEG[bits], to)
  else if (!unchanged) asm.rr(XOR, to, to)
  else if (bits === 32) asm.rr(MOV32, to, to)
}

/** `r1 /= 8   ->   shr rdi, 3`; `r1 %= 8   ->   and edi, 7`. A negative constant is no power of two in 64 bits. */
function powerOfTwo(asm: Assembler, { bits, remainder }: Division, to: Register, imm: number): boolean {
  const power = bits === 64 && imm < 0 ? -1 : log2Exact(imm)
  if (power < 0) return false
  // Of 2^31 the mask is 0x7fffffff: never negative.
  if (remainder) andImmediate(asm, bits, to, (imm >>> 0) - 1)
  else asm.ri(SHR[bits], to, power)
  return true
}

/**
 * `w1 /= 10   ->   mov edi, edi; mov r11d, 0xcccccccd; imul r11, rdi; shr r11, 35; mov edi, r11d`
 *
 * With m = ceil(2^N / d) and m * d - 2^N <= 2^(N - 32), x * m >> N is x / d for every x below 2^32. The product fits
 * 64 bits when m fits 32, which it does for most d.
 *
 * @see T. Granlund, P. L. Montgomery: Division by Invariant Integers using Multiplication (1994), theorem 4.2
 */
function byReciprocal(asm: Assembler, { remainder }: Division, to: Register, divisor: number): boolean {
  const reciprocal = reciprocalOf(divisor)
  if (reciprocal === undefined) return false
  asm.rr(MOV32, to, to)
  moveConstant(asm, SCRATCH, reciprocal.factor | 0, 0)
  asm.rr(IMUL64, SCRATCH, to)
  asm.ri(SHR[64], SCRATCH, reciprocal.shift)
  if (remainder) {
    asm.rri(IMUL_IMM32, SCRATCH, SCRATCH, divisor | 0)
    asm.rr(SUB.register[32], to, SCRATCH)
  } else asm.rr(MOV32, to, SCRATCH)
  return true
}

/** Factor below 2^32 and shift that divide every 32-bit number by `divisor`, undefined when there are none. */
function reciprocalOf(divisor: number): { readonly factor: number; readonly shift: number } | undefined {
  const d = BigInt(divisor)
  for (let shift = 32; shift < 64; shift++) {
    const power = 1n << BigInt(shift)
    const factor = (power + d - 1n) / d
    if (factor >> 32n !== 0n) return undefined
    if (factor * d - power <= 1n << BigInt(shift - 32)) return { factor: Number(factor), shift }
  }
  return undefined
}
