/** Arithmetic with constants in the shortest form: 8 bits, the short form of rax, 32 bits, or no constant at all. */
import { type Assembler, isImm8 } from '../asm/assembler.ts'
import { type Form, form } from '../asm/form.ts'
import { RAX, type Register } from '../asm/register.ts'
import type { Width } from './lowering.ts'

/** The forms of one operation, each for 32 and 64 bits. */
export interface ArithmeticForms {
  readonly register: Readonly<Record<Width, Form>>
  readonly imm8: Readonly<Record<Width, Form>>
  readonly rax: Readonly<Record<Width, Form>>
  readonly imm32: Readonly<Record<Width, Form>>
}

function formsOf(mnemonic: 'ADD' | 'SUB' | 'OR' | 'AND' | 'XOR' | 'CMP'): ArithmeticForms {
  return {
    register: { 32: form(`${mnemonic} r/m32, r32`), 64: form(`${mnemonic} r/m64, r64`) },
    imm8: { 32: form(`${mnemonic} r/m32, imm8`), 64: form(`${mnemonic} r/m64, imm8`) },
    rax: { 32: form(`${mnemonic} EAX, imm32`), 64: form(`${mnemonic} RAX, imm32`) },
    imm32: { 32: form(`${mnemonic} r/m32, imm32`), 64: form(`${mnemonic} r/m64, imm32`) },
  }
}

export const ADD: ArithmeticForms = formsOf('ADD')
export const SUB: ArithmeticForms = formsOf('SUB')
export const OR: ArithmeticForms = formsOf('OR')
export const AND: ArithmeticForms = formsOf('AND')
export const XOR: ArithmeticForms = formsOf('XOR')
export const CMP: ArithmeticForms = formsOf('CMP')

const MOV32 = form('MOV r/m32, r32')
const MOVZX8 = form('MOVZX r32, r/m8')
const MOVZX16 = form('MOVZX r32, r/m16')
const NOT: Readonly<Record<Width, Form>> = { 32: form('NOT r/m32'), 64: form('NOT r/m64') }

/** `register op= immediate`, without looking at the number's value other than for its length. */
export function withImmediate(asm: Assembler, op: ArithmeticForms, bits: Width, to: Register, imm: number): void {
  if (isImm8(imm)) asm.ri(op.imm8[bits], to, imm)
  else if (to === RAX) asm.i(op.rax[bits], imm)
  else asm.ri(op.imm32[bits], to, imm)
}

/** What is left of an operation that changes nothing: 32-bit ones clear the upper half. */
function unchanged(asm: Assembler, bits: Width, to: Register): void {
  if (bits === 32) asm.rr(MOV32, to, to)
}

/** `r1 += 128   ->   sub rdi, -128`, for -128 fits 8 bits. */
export function addImmediate(asm: Assembler, bits: Width, to: Register, imm: number): void {
  if (imm === 0) unchanged(asm, bits, to)
  else if (imm === 128) withImmediate(asm, SUB, bits, to, -128)
  else withImmediate(asm, ADD, bits, to, imm)
}

/** `r1 -= 128   ->   add rdi, -128` */
export function subImmediate(asm: Assembler, bits: Width, to: Register, imm: number): void {
  if (imm === 0) unchanged(asm, bits, to)
  else if (imm === 128) withImmediate(asm, ADD, bits, to, -128)
  else withImmediate(asm, SUB, bits, to, imm)
}

export function orImmediate(asm: Assembler, bits: Width, to: Register, imm: number): void {
  if (imm === 0) unchanged(asm, bits, to)
  else withImmediate(asm, OR, bits, to, imm)
}

/** `r1 ^= -1   ->   not rdi` */
export function xorImmediate(asm: Assembler, bits: Width, to: Register, imm: number): void {
  if (imm === 0) unchanged(asm, bits, to)
  else if (imm === -1) asm.r(NOT[bits], to)
  else withImmediate(asm, XOR, bits, to, imm)
}

/**
 * `r1 &= 255   ->   movzx edi, dil`; `r1 &= 15   ->   and edi, 15`: a mask without sign clears the upper half anyhow, so
 * that 32 bits, which need no REX, do.
 */
export function andImmediate(asm: Assembler, bits: Width, to: Register, imm: number): void {
  if (imm === 0xff) asm.rr(MOVZX8, to, to)
  else if (imm === 0xffff) asm.rr(MOVZX16, to, to)
  else withImmediate(asm, AND, imm >= 0 ? 32 : bits, to, imm)
}
