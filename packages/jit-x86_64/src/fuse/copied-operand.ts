/**
 * A copy that is then worked on, where x86-64 has an instruction with another destination:
 *
 * ```
 * r2 = r10; r2 += -8     ->   lea rsi, [rbp - 8]
 * r2 = r1; r2 += r3      ->   lea rsi, [rdi + rdx]
 * r2 = r1; r2 *= 10      ->   imul rsi, rdi, 10
 * r2 = r1; r2 &= 255     ->   movzx esi, dil
 * r2 = r1; r2 <<= r3     ->   shlx rsi, rdi, rdx          (BMI2)
 * ```
 */
import { INSTRUCTIONS, type Insn, type InstructionName } from '@bpfoundry/isa'
import { form } from '../asm/form.ts'
import { NONE } from '../asm/register.ts'
import { type Emitter, registerOf } from '../emitter.ts'
import type { Width } from '../lower/lowering.ts'
import { multiply } from '../lower/multiply.ts'
import { SAR, SHL, SHR, type ShiftForms } from '../lower/shift.ts'
import type { Fusion } from './fusion.ts'

const LEA = { 32: form('LEA r32, m'), 64: form('LEA r64, m') } as const
const MOVZX8 = form('MOVZX r32, r/m8')
const MOVZX16 = form('MOVZX r32, r/m16')
const INT_MIN = -0x80000000

/** Writes what the second instruction makes of the copied register. @returns whether it could */
type OnCopy = (e: Emitter, copied: number, second: Insn) => boolean

const addConstant =
  (bits: Width): OnCopy =>
  ({ asm }, copied, { dst, imm }) => {
    asm.rm(LEA[bits], registerOf(dst), registerOf(copied), NONE, imm)
    return true
  }

const subtractConstant =
  (bits: Width): OnCopy =>
  ({ asm }, copied, { dst, imm }) => {
    if (imm === INT_MIN) return false
    asm.rm(LEA[bits], registerOf(dst), registerOf(copied), NONE, -imm)
    return true
  }

const addRegister =
  (bits: Width): OnCopy =>
  ({ asm }, copied, { dst, src }) => {
    if (src === dst) return false
    asm.rm(LEA[bits], registerOf(dst), registerOf(copied), registerOf(src), 0)
    return true
  }

const multiplyConstant =
  (bits: Width): OnCopy =>
  ({ asm }, copied, { dst, imm }) => {
    multiply(asm, bits, registerOf(dst), registerOf(copied), imm)
    return true
  }

const mask: OnCopy = ({ asm }, copied, { dst, imm }) => {
  if (imm !== 0xff && imm !== 0xffff) return false
  asm.rr(imm === 0xff ? MOVZX8 : MOVZX16, registerOf(dst), registerOf(copied))
  return true
}

const shift =
  ({ any }: ShiftForms): OnCopy =>
  ({ asm, job }, copied, { dst, src }) => {
    if (job.features.bmi2 !== true || src === dst) return false
    asm.rrr(any, registerOf(dst), registerOf(copied), registerOf(src))
    return true
  }

/** By the width of the copy and the name of what follows. A mask leaves no upper half, whatever the widths. */
// biome-ignore format: table
const ON_COPY: Readonly<Record<Width, Readonly<Partial<Record<InstructionName, OnCopy>>>>> = {
  64: {
    ALU64_ADD_K:  addConstant(64),
    ALU64_SUB_K:  subtractConstant(64),
    ALU64_ADD_X:  addRegister(64),
    ALU64_MUL_K:  multiplyConstant(64),
    ALU64_AND_K:  mask,
    ALU32_AND_K:  mask,
    ALU64_LSH_X:  shift(SHL[64]),
    ALU64_RSH_X:  shift(SHR[64]),
    ALU64_ARSH_X: shift(SAR[64]),
  },
  32: {
    ALU32_ADD_K:  addConstant(32),
    ALU32_SUB_K:  subtractConstant(32),
    ALU32_ADD_X:  addRegister(32),
    ALU32_MUL_K:  multiplyConstant(32),
    ALU64_AND_K:  mask,
    ALU32_AND_K:  mask,
    ALU32_LSH_X:  shift(SHL[32]),
    ALU32_RSH_X:  shift(SHR[32]),
    ALU32_ARSH_X: shift(SAR[32]),
  },
}

export const copiedOperand = (bits: Width): Fusion => {
  const byId = INSTRUCTIONS.map(({ name }) => ON_COPY[bits][name])
  return (e, pc, end) => {
    if (pc + 1 >= end) return pc
    const { insns, facts } = e.job
    const [copy, second] = [insns[pc]!, insns[pc + 1]!]
    const write = byId[facts.rows[pc + 1]!.id]
    if (write === undefined || second.dst !== copy.dst || copy.dst === copy.src) return pc
    return write(e, copy.src, second) ? pc + 2 : pc
  }
}
