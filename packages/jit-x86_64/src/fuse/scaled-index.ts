import type { Scale } from '../asm/assembler.ts'
import { form } from '../asm/form.ts'
import { registerOf } from '../emitter.ts'
import { type Fusion, nameAt } from './fusion.ts'

const LEA = form('LEA r64, m')

/** An index that is scaled and added to: `r2 <<= 3; r2 += r1   ->   lea rsi, [rdi + rsi * 8]` */
export const scaledIndex: Fusion = (e, pc, end) => {
  const [shift, add] = [e.job.insns[pc]!, e.job.insns[pc + 1]!]
  const applies = nameAt(e, pc + 1, end) === 'ALU64_ADD_X' && add.dst === shift.dst && add.src !== add.dst
  if (!applies || shift.imm < 1 || shift.imm > 3) return pc
  const index = registerOf(shift.dst)
  e.asm.rm(LEA, index, registerOf(add.src), index, 0, shift.imm as Scale)
  return pc + 2
}
