/**
 * Shifts. x86-64 masks counts to 5 or 6 bits by itself, as RFC 9669 asks.
 *
 * @see RFC 9669, section 4.1
 */
import type { Insn, InstructionName } from '@bpfoundry/isa'
import { type Form, form } from '../asm/form.ts'
import { RCX } from '../asm/register.ts'
import { type Emitter, registerOf } from '../emitter.ts'
import { SCRATCH } from '../register-map.ts'
import type { Lowering, LoweringsOf, Width } from './lowering.ts'

/** The BPF register in rcx. */
const R4 = 4

/** The forms of one shift at one width. */
export interface ShiftForms {
  readonly bits: Width
  readonly one: Form
  readonly imm8: Form
  readonly cl: Form
  /** BMI2 */
  readonly any: Form
}

function formsOf(mnemonic: 'SHL' | 'SHR' | 'SAR', bits: Width): ShiftForms {
  return {
    bits,
    one: form(`${mnemonic} r/m${bits}, 1`),
    imm8: form(`${mnemonic} r/m${bits}, imm8`),
    cl: form(`${mnemonic} r/m${bits}, CL`),
    any: bits === 32 ? form(`${mnemonic}X r32, r/m32, r32`) : form(`${mnemonic}X r64, r/m64, r64`),
  }
}

const MOV: Readonly<Record<Width, Form>> = { 32: form('MOV r/m32, r32'), 64: form('MOV r/m64, r64') }

const byConstant =
  ({ bits, one, imm8 }: ShiftForms): Lowering =>
  ({ asm }, { dst, imm }) => {
    const count = imm & (bits - 1)
    if (count === 1) asm.r(one, registerOf(dst))
    else if (count !== 0) asm.ri(imm8, registerOf(dst), count)
    else if (bits === 32) asm.rr(MOV[32], registerOf(dst), registerOf(dst))
  }

const byRegister =
  (shift: ShiftForms): Lowering =>
  (e, insn, pc) => {
    const [dst, src] = [registerOf(insn.dst), registerOf(insn.src)]
    if (e.job.features.bmi2 === true) e.asm.rrr(shift.any, dst, dst, src)
    else if (src === RCX && dst !== RCX) e.asm.r(shift.cl, dst)
    else if (dst === RCX) shiftRcx(e, shift, insn)
    else shiftByRcx(e, shift, insn, pc)
  }

/** `r4 <<= r1   ->   mov r11, rcx; mov ecx, edi; shl r11, cl; mov rcx, r11` */
function shiftRcx({ asm }: Emitter, { bits, cl }: ShiftForms, { src }: Insn): void {
  asm.rr(MOV[bits], SCRATCH, RCX)
  if (src !== R4) asm.rr(MOV[32], RCX, registerOf(src))
  asm.r(cl, SCRATCH)
  asm.rr(MOV[bits], RCX, SCRATCH)
}

/** `r1 <<= r2   ->   mov r11, rcx; mov ecx, esi; shl rdi, cl; mov rcx, r11`, R4 being kept if it is still needed */
function shiftByRcx(e: Emitter, { cl }: ShiftForms, { dst, src }: Insn, pc: number): void {
  const keep = e.isLiveBehind(pc, R4)
  if (keep) e.asm.rr(MOV[64], SCRATCH, RCX)
  e.asm.rr(MOV[32], RCX, registerOf(src))
  e.asm.r(cl, registerOf(dst))
  if (keep) e.asm.rr(MOV[64], RCX, SCRATCH)
}

export const SHL: Readonly<Record<Width, ShiftForms>> = { 32: formsOf('SHL', 32), 64: formsOf('SHL', 64) }
export const SHR: Readonly<Record<Width, ShiftForms>> = { 32: formsOf('SHR', 32), 64: formsOf('SHR', 64) }
export const SAR: Readonly<Record<Width, ShiftForms>> = { 32: formsOf('SAR', 32), 64: formsOf('SAR', 64) }

// biome-ignore format: table
export const SHIFT: LoweringsOf<Extract<InstructionName, `ALU${Width}_${'LSH' | 'RSH' | 'ARSH'}_${'K' | 'X'}`>> = {
  // r1 <<= 3         ->   shl rdi, 3
  ALU64_LSH_K:  byConstant(SHL[64]),
  ALU32_LSH_K:  byConstant(SHL[32]),
  ALU64_RSH_K:  byConstant(SHR[64]),
  ALU32_RSH_K:  byConstant(SHR[32]),
  ALU64_ARSH_K: byConstant(SAR[64]),
  ALU32_ARSH_K: byConstant(SAR[32]),
  // r1 <<= r2        ->   shlx rdi, rdi, rsi
  ALU64_LSH_X:  byRegister(SHL[64]),
  ALU32_LSH_X:  byRegister(SHL[32]),
  ALU64_RSH_X:  byRegister(SHR[64]),
  ALU32_RSH_X:  byRegister(SHR[32]),
  ALU64_ARSH_X: byRegister(SAR[64]),
  ALU32_ARSH_X: byRegister(SAR[32]),
}
