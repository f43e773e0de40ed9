/**
 * Conditional jumps on scalars as the kernel followed them before 6.8: one operand is a known number, and only the other one
 * learns; of two unknown numbers only equality teaches anything. What scalar-comparison.ts narrows further is unknown here.
 *
 * The facts are brought in step by hand: the half that was compared is kept, the other one follows from it. The results are
 * supersets of those of `refine`, so that what holds there holds here.
 *
 * @see reg_set_min_max in kernel/bpf/verifier.c of Linux 6.1
 */
import {
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JNE,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
} from '@bpfoundry/isa'
import { narrowByTnum, narrowTnumByRanges, repair } from './bounds-deduction.ts'
import {
  constant,
  forgetRange32,
  forgetRange64,
  isConstantScalar,
  type KnownScalar,
  narrowSigned,
  narrowUnsigned,
  type Scalar,
} from './scalar.ts'
import { branchTaken, mirroredRelation, narrowOperands, type Outcome } from './scalar-comparison.ts'
import { isLowConstant, TNUM_UNKNOWN, tnumConstant, tnumIntersect, tnumWithLow } from './tnum.ts'
import { maxUnsigned, minUnsigned, signExtended, toSignedNumber, Word64, ZERO, zeroExtended } from './word64.ts'

function isKnown(scalar: KnownScalar, is32: boolean): boolean {
  return is32 ? isLowConstant(scalar.tnum) : isConstantScalar(scalar)
}

// ---- outcome -------------------------------------------------------------------------------------------------------

/** Of equality with a number in its range nothing is known, whatever its bits are. */
function withoutBits(scalar: KnownScalar, is32: boolean): KnownScalar {
  const ranges = scalar.clone()
  ranges.tnum = TNUM_UNKNOWN
  if (!is32) forgetRange32(ranges)
  return ranges
}

/**
 * Is `if a R b` always taken, never taken, or neither?
 *
 * @param eitherSide as 6.4 does: a known number on the left is as good, and one out of the other's range is different
 */
export function branchTakenByConstant(
  relation: number,
  is32: boolean,
  a: KnownScalar,
  b: KnownScalar,
  eitherSide: boolean,
): Outcome {
  if (isKnown(b, is32)) return outcomeOf(relation, is32, a, b, eitherSide)
  return eitherSide && isKnown(a, is32) ? outcomeOf(mirroredRelation(relation), is32, b, a, true) : 'unknown'
}

function outcomeOf(relation: number, is32: boolean, a: KnownScalar, b: KnownScalar, byRange: boolean): Outcome {
  const isEquality = relation === BPF_JEQ || relation === BPF_JNE
  if (!isEquality || isKnown(a, is32)) return branchTaken(relation, is32, a, b)
  return byRange ? branchTaken(relation, is32, withoutBits(a, is32), b) : 'unknown'
}

// ---- refinement ----------------------------------------------------------------------------------------------------

/**
 * What is left of both operands where `a R b` holds: supersets of the pairs in the relation.
 *
 * @param tracksHalves false as before 5.7: of the lower half alone nothing is kept
 */
export function refineByConstant(
  relation: number,
  is32: boolean,
  a: KnownScalar,
  b: KnownScalar,
  tracksHalves: boolean,
): readonly [KnownScalar, KnownScalar] {
  if (isKnown(b, is32)) return [narrowed(relation, is32, a, b, tracksHalves), b]
  if (isKnown(a, is32)) return [a, narrowed(mirroredRelation(relation), is32, b, a, tracksHalves)]
  return !is32 && relation === BPF_JEQ ? intersected(a, b) : [a, b]
}

/** `scalar R known`; that it differs from a number teaches nothing. */
function narrowed(
  relation: number,
  is32: boolean,
  scalar: KnownScalar,
  known: KnownScalar,
  tracksHalves: boolean,
): KnownScalar {
  if (relation === BPF_JEQ && !is32) return constant(known.tnum.value)
  const result = scalar.clone()
  if (relation === BPF_JEQ) setLow(result, known.tnum.value.lo)
  else if (relation !== BPF_JNE && is32 && !tracksHalves) narrowWhole(relation, result, known.tnum.value.lo)
  else if (relation !== BPF_JNE) narrowOperands(relation, is32, result, known.clone())
  if (is32 && tracksHalves) followLow(result)
  else followWhole(result)
  return result
}

const UNSIGNED: ReadonlySet<number> = new Set([BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE])
const SIGNED: ReadonlySet<number> = new Set([BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE])

/**
 * `low half R low`, told of the whole: with the least or the greatest upper half before it, unsigned; signed only where the
 * whole is its own lower half.
 *
 * @see gen_hi_min, cmp_val_with_extended_s64 in kernel/bpf/verifier.c of Linux 5.4
 */
function narrowWhole(relation: number, scalar: Scalar, low: number): void {
  const { value, mask } = scalar.tnum
  if (UNSIGNED.has(relation)) {
    const isLeast = relation === BPF_JGT || relation === BPF_JGE
    const end = new Word64(isLeast ? value.hi : value.hi | mask.hi, low)
    narrowOperands(relation, false, scalar, constant(end).clone())
  } else if (!SIGNED.has(relation)) {
    narrowOperands(relation, true, scalar, constant(zeroExtended(low)).clone())
  } else if (isLowHalf(scalar, low)) {
    narrowOperands(relation, false, scalar, constant(signExtended(low)).clone())
  }
}

/** All words of the scalar are int32, with the sign of `low`. */
function isLowHalf({ smin, smax }: KnownScalar, low: number): boolean {
  const [least, greatest] = [toSignedNumber(smin), toSignedNumber(smax)]
  return low >= 0 ? least >= 0 && greatest <= 0x7fffffff : greatest <= 0 && least >= -0x80000000
}

/** The same words, of whose lower half no more is known than the whole tells. */
export function withoutHalves(scalar: KnownScalar): KnownScalar {
  if (isConstantScalar(scalar)) return scalar
  const result = scalar.clone()
  followWhole(result)
  return result
}

function setLow(scalar: Scalar, low: number): void {
  scalar.tnum = tnumWithLow(scalar.tnum, tnumConstant(zeroExtended(low)))
  scalar.s32Min = scalar.s32Max = low
  scalar.u32Min = scalar.u32Max = low
}

function intersected(a: KnownScalar, b: KnownScalar): readonly [KnownScalar, KnownScalar] {
  const both = [a.clone(), b.clone()] as const
  const bits = tnumIntersect(a.tnum, b.tnum)
  for (const [result, other] of [
    [both[0], b],
    [both[1], a],
  ] as const) {
    narrowUnsigned(result, other.umin, other.umax)
    narrowSigned(result, other.smin, other.smax)
    result.tnum = bits
    settle(result)
  }
  return both
}

// ---- keeping the facts in step -------------------------------------------------------------------------------------

/** The lower half was compared: the whole is what it says where the upper half is 0, else only the bits tell. */
function followLow(scalar: Scalar): void {
  const { value, mask } = scalar.tnum
  if (value.hi === 0 && mask.hi === 0) {
    scalar.umin = zeroExtended(scalar.u32Min | 0)
    scalar.umax = zeroExtended(scalar.u32Max | 0)
    const isPositive = scalar.s32Min >= 0 && scalar.s32Max >= 0
    scalar.smin = isPositive ? signExtended(scalar.s32Min) : ZERO
    scalar.smax = isPositive ? signExtended(scalar.s32Max) : new Word64(0, -1)
  } else {
    forgetRange64(scalar)
  }
  settle(scalar)
}

/** The whole was compared: the lower half is what it says where it fits in there. */
function followWhole(scalar: Scalar): void {
  forgetRange32(scalar)
  const { smin, smax, umin, umax } = scalar
  if (toSignedNumber(smin) >= -0x80000000 && toSignedNumber(smax) <= 0x7fffffff) {
    scalar.s32Min = smin.lo
    scalar.s32Max = smax.lo
  }
  if (umin.hi === 0 && umax.hi === 0) {
    scalar.u32Min = umin.lo
    scalar.u32Max = umax.lo
  }
  settle(scalar)
}

/** One round of what the ranges of each half tell of one another. @see reg_bounds_sync of Linux 6.1 */
function settle(scalar: Scalar): void {
  narrowByTnum(scalar)
  exchangeSigns32(scalar)
  exchangeSigns64(scalar)
  narrowTnumByRanges(scalar)
  narrowByTnum(scalar)
  repair(scalar)
}

function exchangeSigns64(scalar: Scalar): void {
  const isOneSign = scalar.smin.hi >= 0 || scalar.smax.hi < 0
  if (isOneSign) {
    scalar.smin = scalar.umin = maxUnsigned(scalar.smin, scalar.umin)
    scalar.smax = scalar.umax = minUnsigned(scalar.smax, scalar.umax)
  } else if (scalar.umax.hi >= 0) {
    scalar.smin = scalar.umin
    scalar.smax = scalar.umax = minUnsigned(scalar.smax, scalar.umax)
  } else if (scalar.umin.hi < 0) {
    scalar.smin = scalar.umin = maxUnsigned(scalar.smin, scalar.umin)
    scalar.smax = scalar.umax
  }
}

function exchangeSigns32(scalar: Scalar): void {
  const { s32Min, s32Max, u32Min, u32Max } = scalar
  const least = Math.max(s32Min >>> 0, u32Min)
  const greatest = Math.min(s32Max >>> 0, u32Max)
  if (s32Min >= 0 || s32Max < 0) setEnds32(scalar, least, greatest)
  else if ((u32Max | 0) >= 0) setEnds32(scalar, u32Min, greatest)
  else if ((u32Min | 0) < 0) setEnds32(scalar, least, u32Max)
}

function setEnds32(scalar: Scalar, least: number, greatest: number): void {
  scalar.s32Min = least | 0
  scalar.u32Min = least
  scalar.s32Max = greatest | 0
  scalar.u32Max = greatest
}
