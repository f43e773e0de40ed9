/** Jumps. Their targets are set when all is translated. */
import { BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT, BPF_OP } from '@bpfoundry/isa'
import { type AluOp, type BrCondition, gprA, gprB, NO_OPERAND } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { high, low, TEMP_A, TEMP_B } from '../emit/registers.ts'
import { comparesWide } from '../program/insn-kinds.ts'
import type { InsnRecord } from '../program/insn-record.ts'
import type { Lower } from './lowering.ts'

export const jump: Lower = ({ emit }) => emit.branchLater('br')

/** A comparison by subtraction: the branch behind it, and whether the operands change places first. */
interface Comparison {
  readonly condition: BrCondition
  readonly swap: boolean
}

/** `bcc` is "lower" and `bcs` "higher or same" behind a subtraction. */
// biome-ignore format: table
const COMPARISONS: ReadonlyMap<number, Comparison> = new Map<number, Comparison>([
  [BPF_JGT,  { condition: 'bcc', swap: true }],
  [BPF_JGE,  { condition: 'bcs', swap: false }],
  [BPF_JLT,  { condition: 'bcc', swap: false }],
  [BPF_JLE,  { condition: 'bcs', swap: true }],
  [BPF_JSGT, { condition: 'blt', swap: true }],
  [BPF_JSGE, { condition: 'bge', swap: false }],
  [BPF_JSLT, { condition: 'blt', swap: false }],
  [BPF_JSLE, { condition: 'bge', swap: true }],
])

function comparisonOf({ opcode }: InsnRecord): Comparison {
  const comparison = COMPARISONS.get(BPF_OP(opcode))
  if (comparison === undefined) throw new Error(`opcode ${opcode} compares by no subtraction`)
  return comparison
}

/** dst against imm; a negated immediate is added. */
export const compareConstant: Lower = ({ emit }, record) => {
  const { condition, swap } = comparisonOf(record)
  const half = (gpr: number, value: number, op: AluOp): void => {
    const constant = emit.unrestricted(value, TEMP_B)
    if (swap) emit.alu(NO_OPERAND, constant, op, gprA(gpr))
    else emit.alu(NO_OPERAND, gprA(gpr), op, constant)
  }
  half(low(record.dst), record.imm, record.negated ? '+' : '-')
  if (comparesWide(record)) half(high(record.dst), record.imm >> 31, record.negated ? '+carry' : '-carry')
  emit.branchLater(condition)
}

export const compareRegister: Lower = ({ emit }, record) => {
  const { condition, swap } = comparisonOf(record)
  const [left, right] = swap ? [record.src, record.dst] : [record.dst, record.src]
  emit.compare(gprA(low(left)), gprB(low(right)))
  if (comparesWide(record)) emit.alu(NO_OPERAND, gprA(high(left)), '-carry', gprB(high(right)))
  emit.branchLater(condition)
}

/** Equal: both halves' differences are 0 together. Halves of 0 need no XOR. */
export const jumpIfEqualConstant64: Lower = ({ emit }, { dst, imm }) => {
  const upper = imm >> 31
  if (imm !== 0) emit.alu(TEMP_A, gprA(low(dst)), 'XOR', emit.unrestricted(imm, TEMP_B))
  if (upper !== 0) emit.alu(TEMP_B, gprA(high(dst)), 'XOR', emit.unrestricted(upper, TEMP_B))
  emit.alu(NO_OPERAND, imm === 0 ? gprA(low(dst)) : TEMP_A, 'OR', upper === 0 ? gprB(high(dst)) : TEMP_B)
  emit.branchLater('beq')
}

export const jumpIfEqualConstant32: Lower = ({ emit }, { dst, imm }) => {
  differs(emit, low(dst), imm)
  emit.branchLater('beq')
}

export const jumpIfEqual: Lower = ({ emit }, record) => {
  const { dst, src } = record
  emit.alu(TEMP_A, gprA(low(dst)), 'XOR', gprB(low(src)))
  if (comparesWide(record)) {
    emit.alu(TEMP_B, gprA(high(dst)), 'XOR', gprB(high(src)))
    emit.alu(NO_OPERAND, TEMP_A, 'OR', TEMP_B)
  }
  emit.branchLater('beq')
}

/** Not equal: a branch behind each half. */
export const jumpIfNotEqualConstant: Lower = ({ emit }, record) => {
  const { dst, imm } = record
  const wide = comparesWide(record)
  if (imm === 0) {
    if (wide) emit.alu(NO_OPERAND, gprA(low(dst)), 'OR', gprB(high(dst)))
    else emit.move(NO_OPERAND, gprB(low(dst)))
    emit.branchLater('bne')
    return
  }
  differs(emit, low(dst), imm)
  emit.branchLater('bne')
  if (!wide) return
  differs(emit, high(dst), imm >> 31)
  emit.branchLater('bne')
}

function differs(emit: Emission, gpr: number, value: number): void {
  emit.alu(NO_OPERAND, gprA(gpr), 'XOR', emit.unrestricted(value, TEMP_B))
}

/** The upper half of a sign-extended mask is all or nothing. */
export const jumpIfSetConstant: Lower = ({ emit }, record) => {
  const { dst, imm } = record
  emit.alu(TEMP_B, gprA(low(dst)), 'AND', emit.unrestricted(imm, TEMP_B))
  if (comparesWide(record) && imm < 0) emit.alu(NO_OPERAND, gprA(high(dst)), 'OR', TEMP_B)
  emit.branchLater('bne')
}

/** Each half by itself: the branch is taken when one of them has a bit left. */
const testHalves =
  (op: AluOp): Lower =>
  ({ emit }, record) => {
    const { dst, src } = record
    emit.alu(NO_OPERAND, gprA(low(dst)), op, gprB(low(src)))
    emit.branchLater('bne')
    if (!comparesWide(record)) return
    emit.alu(NO_OPERAND, gprA(high(dst)), op, gprB(high(src)))
    emit.branchLater('bne')
  }

export const jumpIfSet: Lower = testHalves('AND')
export const jumpIfNotEqual: Lower = testHalves('XOR')
