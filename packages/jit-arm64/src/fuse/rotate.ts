/**
 * Rotates, which BPF lacks and hash functions are made of.
 *
 * ```
 * w3 = w2; w3 <<= 13; w2 >>= 19; w2 |= w3   ->   ror w2, w2, #19
 * ```
 * The register with the other part is only made when it is read later.
 */
import { rotateAt } from '@bpfoundry/codegen'
import { BPF_LSH, BPF_OP, type Insn } from '@bpfoundry/isa'
import { lslImm, lsrImm, rorImm } from '../asm/data-processing-immediate.ts'
import { W, X } from '../asm/registers.ts'
import type { Emission } from '../emission.ts'
import { R10, registerOf } from '../register-map.ts'
import type { Fusion } from './fusion.ts'

/** What follows a copy but rarely, before more is looked at. */
function isShift(e: Emission, pc: number): boolean {
  const operation = e.facts.rows[pc]?.operation
  return operation === 'lsh' || operation === 'rsh'
}

export const rotate: Fusion = (e, pc, end) => {
  if (pc + 4 > end || !isShift(e, pc + 1)) return pc
  const { insns } = e.facts
  const rotation = rotateAt(insns, pc)
  if (rotation === undefined) return pc
  const { dst, value, temporary, bits, left, length } = rotation
  if (value === R10 || temporary === R10) return pc
  const sf = bits === 64 ? X : W
  const from = registerOf(value)
  const other = dst === value ? temporary : value
  const shift = [insns[pc + 1], insns[pc + 2]].find((insn) => insn?.dst === other) as Insn
  const makeOther = (): void => {
    const op = BPF_OP(shift.opcode) === BPF_LSH ? lslImm : lsrImm
    if (e.isLiveBehind(pc + length - 1, other)) e.put(op(sf, registerOf(other), from, shift.imm))
  }
  // Both come of the value: what overwrites it goes last.
  if (other !== value) makeOther()
  e.put(rorImm(sf, registerOf(dst), from, bits - left))
  if (other === value) makeOther()
  return pc + length
}
