/**
 * Numbers that blinding makes of AX, which holds another one: an addition of three, with or without a copy before it.
 *
 * ```
 * r2 = r1; r2 += r11; r2 += -0x5e23a5b1   ->   lea rsi, [rdi + r10 - 0x5e23a5b1]
 * r2 += r11; r2 += -0x5e23a5b1            ->   lea rsi, [rsi + r10 - 0x5e23a5b1]
 * ```
 *
 * Elsewhere two additions, which some processors do in fewer cycles, stay what they are.
 */
import { BPF_REG_AX } from '@bpfoundry/isa'
import { form } from '../asm/form.ts'
import { type Emitter, registerOf } from '../emitter.ts'
import type { Width } from '../lower/lowering.ts'
import { type Fusion, nameAt } from './fusion.ts'

const LEA = { 32: form('LEA r32, m'), 64: form('LEA r64, m') } as const
const AX = registerOf(BPF_REG_AX)

/** Whether AX, and then a constant, are added to a register from `pc` on. */
function addsBoth(e: Emitter, pc: number, end: number, bits: Width, register: number): boolean {
  if (nameAt(e, pc, end) !== `ALU${bits}_ADD_X` || nameAt(e, pc + 1, end) !== `ALU${bits}_ADD_K`) return false
  const [first, second] = [e.job.insns[pc]!, e.job.insns[pc + 1]!]
  return first.src === BPF_REG_AX && first.dst === register && second.dst === register && register !== BPF_REG_AX
}

export const blindedSum =
  (bits: Width): Fusion =>
  (e, pc, end) => {
    const { dst } = e.job.insns[pc]!
    if (!addsBoth(e, pc, end, bits, dst)) return pc
    e.asm.rm(LEA[bits], registerOf(dst), registerOf(dst), AX, e.job.insns[pc + 1]!.imm)
    return pc + 2
  }

export const blindedCopySum =
  (bits: Width): Fusion =>
  (e, pc, end) => {
    const { dst, src } = e.job.insns[pc]!
    if (!addsBoth(e, pc + 1, end, bits, dst)) return pc
    e.asm.rm(LEA[bits], registerOf(dst), registerOf(src), AX, e.job.insns[pc + 2]!.imm)
    return pc + 3
  }
