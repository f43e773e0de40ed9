/**
 * Multiplication.
 *
 * @see RFC 9669, section 4.1
 */
import type { InstructionName } from '@bpfoundry/isa'
import { type Assembler, isImm8, type Scale } from '../asm/assembler.ts'
import { type Form, form } from '../asm/form.ts'
import type { Register } from '../asm/register.ts'
import { registerOf } from '../emitter.ts'
import { SCRATCH } from '../register-map.ts'
import { ADD, SUB } from './immediate-arithmetic.ts'
import type { Lowering, LoweringsOf, Width } from './lowering.ts'

type Forms = Readonly<Record<Width, Form>>

const IMUL: Forms = { 32: form('IMUL r32, r/m32'), 64: form('IMUL r64, r/m64') }
const IMUL_IMM8: Forms = { 32: form('IMUL r32, r/m32, imm8'), 64: form('IMUL r64, r/m64, imm8') }
const IMUL_IMM32: Forms = { 32: form('IMUL r32, r/m32, imm32'), 64: form('IMUL r64, r/m64, imm32') }
const SHL: Forms = { 32: form('SHL r/m32, imm8'), 64: form('SHL r/m64, imm8') }
const LEA: Forms = { 32: form('LEA r32, m'), 64: form('LEA r64, m') }
const XOR: Form = form('XOR r/m32, r32')
const MOV: Forms = { 32: form('MOV r/m32, r32'), 64: form('MOV r/m64, r64') }

/** Factors that `lea r, [r + r * 2^n]` multiplies by. */
const LEA_SCALES: ReadonlyMap<number, Scale> = new Map([
  [3, 1],
  [5, 2],
  [9, 3],
])

/** n when the number is 2^n as unsigned 32 bits, else -1. */
export function log2Exact(value: number): number {
  const unsigned = value >>> 0
  return unsigned !== 0 && (unsigned & (unsigned - 1)) === 0 ? 31 - Math.clz32(unsigned) : -1
}

const byConstant =
  (bits: Width): Lowering =>
  ({ asm }, { dst, imm }) =>
    multiply(asm, bits, registerOf(dst), registerOf(dst), imm)

/**
 * `to = from * imm`: by 0, 1, powers of two, 3, 5 and 9 in one cycle, by a power of two more or less 1 in two, else in
 * three.
 */
export function multiply(asm: Assembler, bits: Width, to: Register, from: Register, imm: number): void {
  const scale = LEA_SCALES.get(imm)
  if (imm === 0) asm.rr(XOR, to, to)
  else if (scale !== undefined) asm.rm(LEA[bits], to, from, from, 0, scale)
  else if (imm > 0 && log2Exact(imm) >= 0) shiftLeft(asm, bits, to, from, log2Exact(imm))
  else if (imm < 0 || !shiftAndAdd(asm, bits, to, from, imm)) {
    asm.rri(isImm8(imm) ? IMUL_IMM8[bits] : IMUL_IMM32[bits], to, from, imm)
  }
}

function shiftLeft(asm: Assembler, bits: Width, to: Register, from: Register, count: number): void {
  // In 32 bits a move to itself clears the upper half, which by a count of 0 nothing else would.
  if (to !== from || (bits === 32 && count === 0)) asm.rr(MOV[bits], to, from)
  if (count > 0) asm.ri(SHL[bits], to, count)
}

/** `r1 *= 31   ->   mov r11, rdi; shl rdi, 5; sub rdi, r11`, as hashes of strings do; and 33 with an addition */
function shiftAndAdd(asm: Assembler, bits: Width, to: Register, from: Register, imm: number): boolean {
  const [below, above] = [log2Exact(imm - 1), log2Exact(imm + 1)]
  if (below < 0 && above < 0) return false
  const once = to === from ? SCRATCH : from
  asm.rr(MOV[bits], to === from ? SCRATCH : to, from)
  asm.ri(SHL[bits], to, Math.max(below, above))
  asm.rr(below < 0 ? SUB.register[bits] : ADD.register[bits], to, once)
  return true
}

const byRegister =
  (bits: Width): Lowering =>
  ({ asm }, { dst, src }) =>
    asm.rr(IMUL[bits], registerOf(dst), registerOf(src))

// biome-ignore format: table
export const MULTIPLY: LoweringsOf<Extract<InstructionName, `ALU${Width}_MUL_${'K' | 'X'}`>> = {
  // r1 *= 10         ->   imul rdi, rdi, 10
  ALU64_MUL_K: byConstant(64),
  ALU32_MUL_K: byConstant(32),
  // r1 *= r2         ->   imul rdi, rsi
  ALU64_MUL_X: byRegister(64),
  ALU32_MUL_X: byRegister(32),
}
