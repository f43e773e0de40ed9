/** A copy that is added to, and an index that is scaled, are one `lea`. */
import type { Scale } from '../asm/assembler.ts'
import { form } from '../asm/form.ts'
import { NONE } from '../asm/register.ts'
import { type Emitter, registerOf } from '../emitter.ts'
import type { Width } from '../lower/lowering.ts'
import { type Fusion, nameAt } from './fusion.ts'

const LEA = { 32: form('LEA r32, m'), 64: form('LEA r64, m') } as const
const INT_MIN = -0x80000000

/**
 * ```
 * r2 = r10; r2 += -8   ->   lea rsi, [rbp - 8]
 * r2 = r1; r2 += r3    ->   lea rsi, [rdi + rdx]
 * ```
 */
export const copyAndAdd =
  (bits: Width): Fusion =>
  (e, pc, end) => {
    const { insns } = e.job
    const [copy, add] = [insns[pc]!, insns[pc + 1]!]
    const name = nameAt(e, pc + 1, end)
    if (name === undefined || add.dst !== copy.dst || copy.dst === copy.src) return pc
    const [to, from] = [registerOf(copy.dst), registerOf(copy.src)]
    if (name === `ALU${bits}_ADD_K`) e.asm.rm(LEA[bits], to, from, NONE, add.imm)
    else if (name === `ALU${bits}_SUB_K` && add.imm !== INT_MIN) e.asm.rm(LEA[bits], to, from, NONE, -add.imm)
    else if (name === `ALU${bits}_ADD_X` && add.src !== add.dst) e.asm.rm(LEA[bits], to, from, registerOf(add.src), 0)
    else return pc
    return pc + 2
  }

/** `r2 <<= 3; r2 += r1   ->   lea rsi, [rdi + rsi * 8]` */
export const scaleAndAdd: Fusion = (e: Emitter, pc, end) => {
  const [shift, add] = [e.job.insns[pc]!, e.job.insns[pc + 1]!]
  const applies = nameAt(e, pc + 1, end) === 'ALU64_ADD_X' && add.dst === shift.dst && add.src !== add.dst
  if (!applies || shift.imm < 1 || shift.imm > 3) return pc
  const index = registerOf(shift.dst)
  e.asm.rm(LEA[64], index, registerOf(add.src), index, 0, shift.imm as Scale)
  return pc + 2
}
