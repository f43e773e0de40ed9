import type { Assembler } from '../asm/assembler.ts'
import { type Form, form } from '../asm/form.ts'
import type { Register } from '../asm/register.ts'

const XOR: Form = form('XOR r/m32, r32')
const MOV_U32: Form = form('MOV r32, imm32')
const MOV_S32: Form = form('MOV r/m64, imm32')
const MOVABS: Form = form('MOV r64, imm64')

/**
 * `register = (high, low)` in the shortest form:
 *
 * | number | code | bytes |
 * |---|---|---|
 * | 0 | xor r32, r32 | 2-3 |
 * | below 2^32 | mov r32, imm32 | 5-6 |
 * | from -2^31 | mov r/m64, imm32 | 7 |
 * | others | mov r64, imm64 | 10 |
 */
export function moveConstant(asm: Assembler, to: Register, low: number, high: number): void {
  if (high !== 0) {
    if (high === -1 && low < 0) asm.ri(MOV_S32, to, low)
    else asm.ri64(MOVABS, to, low, high)
  } else if (low === 0) asm.rr(XOR, to, to)
  else asm.ri(MOV_U32, to, low)
}
