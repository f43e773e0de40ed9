/** Classes ALU and ALU64: moves, arithmetic, byte order. */
import {
  BPF_ADD,
  BPF_ADDR_SPACE_CAST,
  BPF_ALU64,
  BPF_ARSH,
  BPF_DIV,
  BPF_END,
  BPF_LSH,
  BPF_MOD,
  BPF_MOV,
  BPF_NEG,
  BPF_RSH,
  BPF_SUB,
  BPF_TO_BE,
  BPF_X,
  type Insn,
} from '@bpfoundry/isa'
import { withoutHalves } from '../domain/constant-comparison.ts'
import { CONSTANT_ZERO, isConstantScalar, type KnownScalar } from '../domain/scalar.ts'
import { applyOperation } from '../domain/scalar-arithmetic.ts'
import { convertByteOrder, signExtend32, signExtend64, zeroExtend32 } from '../domain/scalar-casts.ts'
import { bitLength, toSignedNumber, toUnsignedNumber, zeroExtended } from '../domain/word64.ts'
import { markPrecise } from '../exploration/precision.ts'
import { castAddressSpace, computeInArena } from '../memory/arena.ts'
import { linkScalar } from '../memory/stack-access.ts'
import { constantRegister, type RegisterState, scalarRegister, UNKNOWN_SCALAR } from '../state/register-state.ts'
import { SCALAR } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { movePointer, operatorSymbol, refuseUnmasked } from './pointer-arithmetic.ts'
import { needsSanitation } from './sanitation.ts'
import { forkOnMask } from './scalar-fork.ts'

export function transferAlu(v: Verification, insn: Insn): void {
  const operation = insn.opcode & 0xf0
  if (operation === BPF_MOV) transferMove(v, insn)
  else if (operation === BPF_NEG || operation === BPF_END) transferInPlace(v, insn)
  else transferBinary(v, insn, operation)
}

/** Negation, which is 0 - x, and byte order. */
function transferInPlace(v: Verification, insn: Insn): void {
  const before = v.read(insn.dst)
  if (v.leaks(insn.dst)) {
    v.refuse('VERIFIER_POINTER_ARITHMETIC', 'EACCES', `R${insn.dst} pointer arithmetic prohibited`)
  }
  v.facts.record(v.pc, insn.dst, before)
  v.checkWritable(insn.dst)
  const isKnown = before.type === SCALAR && (v.profile.tracksNegation || (insn.opcode & 0xf0) !== BPF_NEG)
  v.write(insn.dst, isKnown ? scalarRegister(inPlace(insn, before.scalar)) : UNKNOWN_SCALAR)
}

function inPlace(insn: Insn, scalar: KnownScalar): KnownScalar {
  const is64 = (insn.opcode & 0x07) === BPF_ALU64
  if ((insn.opcode & 0xf0) === BPF_NEG) return applyOperation(BPF_SUB, !is64, CONSTANT_ZERO, scalar)
  const toBigEndian = (insn.opcode & 0x08) === BPF_TO_BE
  return convertByteOrder(scalar, insn.imm, is64 || toBigEndian)
}

// ---- moves ---------------------------------------------------------------------------------------------------------

function transferMove(v: Verification, insn: Insn): void {
  const is64 = (insn.opcode & 0x07) === BPF_ALU64
  if ((insn.opcode & 0x08) !== BPF_X) {
    v.checkWritable(insn.dst)
    v.write(insn.dst, is64 ? v.immediate : constantRegister(zeroExtended(insn.imm)))
    return
  }
  if (is64 && insn.off === BPF_ADDR_SPACE_CAST) {
    castAddressSpace(v, insn)
    return
  }
  const source = v.read(insn.src)
  v.facts.record(v.pc, insn.src, source)
  v.checkWritable(insn.dst)
  if ((!is64 || insn.off !== 0) && v.leaks(insn.src)) {
    const what = is64 ? 'sign-extension part' : 'partial copy'
    v.refuse('VERIFIER_LEAK', 'EACCES', `R${insn.src} ${what} of pointer`)
  }
  const moved = is64 ? moved64(v, insn, source) : moved32(v, insn, source)
  v.write(insn.dst, moved)
}

/** The value survives a sign extension from `bits` unchanged: copy and source stay equal. */
function survives(source: RegisterState, bits: number): boolean {
  return toUnsignedNumber(source.scalar.umax) < 2 ** (bits - 1)
}

function moved64(v: Verification, insn: Insn, source: RegisterState): RegisterState {
  if (insn.off === 0) return linkScalar(v, insn.src)
  if (source.type !== SCALAR) return UNKNOWN_SCALAR
  const copy = survives(source, insn.off) ? linkScalar(v, insn.src) : source.unlinked()
  return copy.withScalar(signExtend64(copy.scalar, insn.off >> 3))
}

function moved32(v: Verification, insn: Insn, source: RegisterState): RegisterState {
  if (source.type !== SCALAR) return scalarRegister(zeroExtend32(UNKNOWN_SCALAR.scalar))
  if (insn.off === 0) {
    const isWhole = v.profile.linksHalfMoves && bitLength(source.scalar.umax) <= 32
    const copy = isWhole ? linkScalar(v, insn.src) : source.unlinked()
    return copy.withScalar(zeroExtend32(copy.scalar))
  }
  const copy = survives(source, insn.off) ? linkScalar(v, insn.src) : source.unlinked()
  return copy.withScalar(signExtend32(copy.scalar, insn.off >> 3))
}

// ---- two operands ----------------------------------------------------------------------------------------------------

function transferBinary(v: Verification, insn: Insn, operation: number): void {
  const hasSource = usesRegister(insn)
  const is32 = (insn.opcode & 0x07) !== BPF_ALU64
  const source = hasSource ? v.read(insn.src) : undefined
  const target = v.read(insn.dst)
  if (!hasSource) checkImmediate(v, insn, operation)
  v.checkWritable(insn.dst)
  v.facts.record(v.pc, insn.dst, target)
  if (source !== undefined) v.facts.record(v.pc, insn.src, source)
  const operand = source ?? v.immediate
  if (computeInArena(v, insn, operand, target)) return
  if (operand.type !== SCALAR && target.type !== SCALAR) {
    combinePointers(v, insn.dst, operation)
  } else if (operand.type !== SCALAR) {
    markPrecise(v, insn.dst)
    movePointer(v, insn, is32, operand, target, false)
  } else if (target.type !== SCALAR) {
    if (hasSource) markPrecise(v, insn.src)
    movePointer(v, insn, is32, target, operand, true)
  } else {
    computeScalar(v, insn, operation, is32, target, operand)
  }
}

function usesRegister(insn: Insn): boolean {
  return (insn.opcode & 0x08) === BPF_X
}

const isDivision = (operation: number): boolean => operation === BPF_DIV || operation === BPF_MOD
const isShift = (operation: number): boolean => operation === BPF_LSH || operation === BPF_RSH || operation === BPF_ARSH

/** Immediates that no program may hold: they are sure mistakes. */
function checkImmediate(v: Verification, insn: Insn, operation: number): void {
  if (isDivision(operation) && insn.imm === 0) v.refuse('VERIFIER_DIVISION_BY_ZERO', 'EINVAL', 'div by zero')
  const bits = (insn.opcode & 0x07) === BPF_ALU64 ? 64 : 32
  if (isShift(operation) && (insn.imm < 0 || insn.imm >= bits)) {
    v.refuse('VERIFIER_SHIFT_AMOUNT', 'EINVAL', `invalid shift ${insn.imm}`)
  }
}

/** Two pointers: only their difference has a meaning, an unknown number. */
function combinePointers(v: Verification, number: number, operation: number): void {
  if (operation !== BPF_SUB || !v.isTrusted) {
    const message = `R${number} pointer ${operatorSymbol(operation)} pointer prohibited`
    v.refuse('VERIFIER_POINTER_ARITHMETIC', 'EACCES', message)
  }
  v.write(number, UNKNOWN_SCALAR)
}

function computeScalar(
  v: Verification,
  insn: Insn,
  operation: number,
  is32: boolean,
  target: RegisterState,
  operand: RegisterState,
): void {
  if (usesRegister(insn) && needsSanitation(operation) && !v.isTrusted) {
    const failure = v.sanitation.askNone(v.pc)
    if (failure !== undefined) refuseUnmasked(v, insn, failure, false)
  }
  const before = forkOnMask(v, insn.dst, operation, target, operand)
  const scalar = applyOperation(operation, is32, before.scalar, operand.scalar)
  const result = scalarRegister(v.profile.tracksHalves ? scalar : withoutHalves(scalar))
  const isLinked = v.isCapable && v.profile.links === 'sums'
  v.write(insn.dst, isLinked ? linkedSum(insn, operation, is32, before, operand, result) : result)
}

/** Distances are kept far from the ends of int32, in which they are added up. */
const MAX_DELTA = 0x7fffffff

/** `r1 = r2; r1 += 4; if r2 < 10`: the sum stays linked, at its distance, and learns from the comparison, too. */
function linkedSum(
  insn: Insn,
  operation: number,
  is32: boolean,
  before: RegisterState,
  operand: RegisterState,
  sum: RegisterState,
): RegisterState {
  const isSum = (operation === BPF_ADD || operation === BPF_SUB) && !is32
  const doubles = (insn.opcode & 0x08) === BPF_X && insn.src === insn.dst
  if (!isSum || doubles || before.id === 0 || before.hasDelta || !isConstantScalar(operand.scalar)) return sum
  const added = toSignedNumber(operand.scalar.tnum.value)
  const delta = operation === BPF_ADD ? added : -added
  if (delta < -MAX_DELTA || delta > MAX_DELTA) return sum
  return sum.with({ id: before.id, hasDelta: true, offset: delta })
}
