/**
 * Rotates, which BPF lacks and hash functions are made of.
 *
 * ```
 * w3 = w2; w3 <<= 13; w2 >>= 19; w2 |= w3   ->   rol esi, 13
 * ```
 * The register with the other part is only made when it is read later.
 */
import { type Rotation, rotateAt } from '@bpfoundry/codegen'
import { BPF_ALU, BPF_ALU64, BPF_CLASS, BPF_K, BPF_LSH, BPF_OP, BPF_RSH, BPF_SRC, type Insn } from '@bpfoundry/isa'
import { form } from '../asm/form.ts'
import { type Emitter, registerOf } from '../emitter.ts'
import { LOWERINGS } from '../lower/lowerings.ts'
import type { Fusion } from './fusion.ts'

const ROL = { 32: form('ROL r/m32, imm8'), 64: form('ROL r/m64, imm8') } as const
const RORX = { 32: form('RORX r32, r/m32, imm8'), 64: form('RORX r64, r/m64, imm8') } as const
const MOV = { 32: form('MOV r/m32, r32'), 64: form('MOV r/m64, r64') } as const

export const rotate: Fusion = (e, pc, end) => {
  const { insns } = e.job
  if (!isConstantShift(insns[pc + 1]!)) return pc
  const rotation = rotateAt(insns, pc)
  if (rotation === undefined || pc + rotation.length > end) return pc
  const { dst, value, temporary, length } = rotation
  const other = dst === value ? temporary : value
  const part = [insns[pc + 1]!, insns[pc + 2]!].find((shift) => shift.dst === other)!
  writeRotate(e, rotation, e.isLiveBehind(pc + length - 1, other) ? part : undefined)
  return pc + length
}

/** What follows a copy but rarely, before more is looked at. */
function isConstantShift({ opcode }: Insn): boolean {
  const operation = BPF_OP(opcode)
  return BPF_CLASS(opcode) === BPF_ALU || BPF_CLASS(opcode) === BPF_ALU64
    ? (operation === BPF_LSH || operation === BPF_RSH) && BPF_SRC(opcode) === BPF_K
    : false
}

/** @param part the shift whose result is still needed */
function writeRotate(e: Emitter, { dst, value, temporary, bits, left }: Rotation, part: Insn | undefined): void {
  const [to, from] = [registerOf(dst), registerOf(value)]
  const makePart = (): void => {
    if (part !== undefined) LOWERINGS[`ALU${bits}_${BPF_OP(part.opcode) === BPF_LSH ? 'LSH' : 'RSH'}_K`](e, part, 0)
  }
  if (dst === value) {
    if (part !== undefined) e.asm.rr(MOV[bits], registerOf(temporary), from)
    makePart()
    e.asm.ri(ROL[bits], to, left)
  } else if (e.job.features.bmi2 === true) {
    e.asm.rri(RORX[bits], to, from, bits - left)
    makePart()
  } else {
    e.asm.rr(MOV[bits], to, from)
    e.asm.ri(ROL[bits], to, left)
    makePart()
  }
}
