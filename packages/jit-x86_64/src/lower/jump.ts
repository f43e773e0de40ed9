/**
 * Conditional jumps: one comparison and one jump, which processors run as one operation.
 *
 * @see RFC 9669, section 4.3
 */
import type { InstructionName } from '@bpfoundry/isa'
import type { Assembler } from '../asm/assembler.ts'
import { type Branch, JCC } from '../asm/branches.ts'
import { type Form, form } from '../asm/form.ts'
import type { Register } from '../asm/register.ts'
import { registerOf } from '../emitter.ts'
import { CMP, withImmediate } from './immediate-arithmetic.ts'
import type { Lowering, LoweringsOf, Width } from './lowering.ts'

const TEST: Readonly<Record<Width, Form>> = { 32: form('TEST r/m32, r32'), 64: form('TEST r/m64, r64') }
const TEST_IMM8: Form = form('TEST r/m8, imm8')
const TEST_IMM32: Readonly<Record<Width, Form>> = { 32: form('TEST r/m32, imm32'), 64: form('TEST r/m64, imm32') }

/** Compares with a constant; with 0 by `test`, which sets all flags as `cmp` does. */
function compare(asm: Assembler, bits: Width, register: Register, imm: number): void {
  if (imm === 0) asm.rr(TEST[bits], register, register)
  else withImmediate(asm, CMP, bits, register, imm)
}

/** As {@link compare}, for conditions of which only ZF matters: not needed where the instruction before has set it. */
function compareEqual(asm: Assembler, bits: Width, register: Register, imm: number): void {
  if (imm !== 0 || !asm.zeroFlagIsOf(register, bits)) compare(asm, bits, register, imm)
}

/** Tests for bits of a constant: those of the low byte there, those below bit 31 in 32 bits. */
function testBits(asm: Assembler, bits: Width, register: Register, imm: number): void {
  if (imm >= 0 && imm <= 0x7f) asm.ri(TEST_IMM8, register, imm)
  else asm.ri(TEST_IMM32[imm >= 0 ? 32 : bits], register, imm)
}

const withConstant =
  (condition: Branch, bits: Width, test: typeof compare = compare): Lowering =>
  (e, { dst, imm, off }, pc) => {
    if (off === 0) return
    test(e.asm, bits, registerOf(dst), imm)
    e.branches.jump(condition, e.slot(pc + 1 + off))
  }

const withRegister =
  (condition: Branch, op: Form): Lowering =>
  (e, { dst, src, off }, pc) => {
    if (off === 0) return
    e.asm.rr(op, registerOf(dst), registerOf(src))
    e.branches.jump(condition, e.slot(pc + 1 + off))
  }

const CMP64 = CMP.register[64]
const CMP32 = CMP.register[32]

// biome-ignore format: table
export const JUMP: LoweringsOf<Extract<InstructionName, `${'JMP' | 'JMP32'}_${string}_${'K' | 'X'}`>> = {
  // if r1 == 0 goto +2      ->   test rdi, rdi; je
  // if r1 == 7 goto +2      ->   cmp rdi, 7; je
  JMP_JEQ_K:    withConstant(JCC.E, 64, compareEqual),
  // if r1 == r2 goto +2     ->   cmp rdi, rsi; je
  JMP_JEQ_X:    withRegister(JCC.E, CMP64),
  JMP_JNE_K:    withConstant(JCC.NE, 64, compareEqual),
  JMP_JNE_X:    withRegister(JCC.NE, CMP64),
  JMP_JGT_K:    withConstant(JCC.A, 64),
  JMP_JGT_X:    withRegister(JCC.A, CMP64),
  JMP_JGE_K:    withConstant(JCC.AE, 64),
  JMP_JGE_X:    withRegister(JCC.AE, CMP64),
  JMP_JLT_K:    withConstant(JCC.B, 64),
  JMP_JLT_X:    withRegister(JCC.B, CMP64),
  JMP_JLE_K:    withConstant(JCC.BE, 64),
  JMP_JLE_X:    withRegister(JCC.BE, CMP64),
  JMP_JSGT_K:   withConstant(JCC.G, 64),
  JMP_JSGT_X:   withRegister(JCC.G, CMP64),
  JMP_JSGE_K:   withConstant(JCC.GE, 64),
  JMP_JSGE_X:   withRegister(JCC.GE, CMP64),
  JMP_JSLT_K:   withConstant(JCC.L, 64),
  JMP_JSLT_X:   withRegister(JCC.L, CMP64),
  JMP_JSLE_K:   withConstant(JCC.LE, 64),
  JMP_JSLE_X:   withRegister(JCC.LE, CMP64),
  // if r1 & 4 goto +2       ->   test dil, 4; jne
  JMP_JSET_K:   withConstant(JCC.NE, 64, testBits),
  JMP_JSET_X:   withRegister(JCC.NE, TEST[64]),
  JMP32_JEQ_K:  withConstant(JCC.E, 32, compareEqual),
  JMP32_JEQ_X:  withRegister(JCC.E, CMP32),
  JMP32_JNE_K:  withConstant(JCC.NE, 32, compareEqual),
  JMP32_JNE_X:  withRegister(JCC.NE, CMP32),
  JMP32_JGT_K:  withConstant(JCC.A, 32),
  JMP32_JGT_X:  withRegister(JCC.A, CMP32),
  JMP32_JGE_K:  withConstant(JCC.AE, 32),
  JMP32_JGE_X:  withRegister(JCC.AE, CMP32),
  JMP32_JLT_K:  withConstant(JCC.B, 32),
  JMP32_JLT_X:  withRegister(JCC.B, CMP32),
  JMP32_JLE_K:  withConstant(JCC.BE, 32),
  JMP32_JLE_X:  withRegister(JCC.BE, CMP32),
  JMP32_JSGT_K: withConstant(JCC.G, 32),
  JMP32_JSGT_X: withRegister(JCC.G, CMP32),
  JMP32_JSGE_K: withConstant(JCC.GE, 32),
  JMP32_JSGE_X: withRegister(JCC.GE, CMP32),
  JMP32_JSLT_K: withConstant(JCC.L, 32),
  JMP32_JSLT_X: withRegister(JCC.L, CMP32),
  JMP32_JSLE_K: withConstant(JCC.LE, 32),
  JMP32_JSLE_X: withRegister(JCC.LE, CMP32),
  JMP32_JSET_K: withConstant(JCC.NE, 32, testBits),
  JMP32_JSET_X: withRegister(JCC.NE, TEST[32]),
}
