/**
 * Conditional jumps on scalars: is the outcome known, and what does each outcome teach?
 *
 * `branchTaken` answers 'always' or 'never' only if the relation holds, or fails, for every pair of words of the two
 * sets. `refine` narrows both operands to (a superset of) the pairs for which the relation holds; the branch not taken
 * is refined by the opposite relation.
 */
import {
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
} from '@bpfoundry/isa'
import { repair, synchronise } from './bounds-deduction.ts'
import {
  forgetRange32,
  forgetRange64,
  type KnownScalar,
  narrowSigned,
  narrowSigned32,
  narrowUnsigned,
  narrowUnsigned32,
  S32_MAX,
  S32_MIN,
  type Scalar,
  U32_MAX,
} from './scalar.ts'
import {
  isConstant,
  isLowConstant,
  tnumAnd,
  tnumConstant,
  tnumIntersect,
  tnumLow,
  tnumOr,
  tnumOverlaps,
  tnumWithLow,
} from './tnum.ts'
import {
  add,
  and,
  andNot,
  equals,
  isPowerOfTwo,
  isZero,
  lessSigned,
  lessUnsigned,
  not,
  ONE,
  or,
  S64_MAX,
  S64_MIN,
  subtract,
  U64_MAX,
  type Word64,
  ZERO,
  zeroExtended,
} from './word64.ts'

/** The relation `!(a & b)`, which has no opcode: what holds where a JSET is not taken. */
export const JSET_FAILS: number = BPF_JSET | 0x08

/** Sure outcome of a jump. */
export type Outcome = 'always' | 'never' | 'unknown'

/** Rules in the places of their relations, of which the lowest three bits are 0. */
function byRelation<T>(rules: readonly (readonly [relation: number, rule: T])[]): readonly (T | undefined)[] {
  const table = new Map(rules)
  return Array.from({ length: 0x100 >> 3 }, (_, index) => table.get(index << 3))
}

// biome-ignore format: table
const OPPOSITE: ReadonlyMap<number, number> = new Map([
  [BPF_JEQ, BPF_JNE], [BPF_JNE, BPF_JEQ], [BPF_JSET, JSET_FAILS], [JSET_FAILS, BPF_JSET],
  [BPF_JGE, BPF_JLT], [BPF_JLT, BPF_JGE], [BPF_JGT, BPF_JLE], [BPF_JLE, BPF_JGT],
  [BPF_JSGE, BPF_JSLT], [BPF_JSLT, BPF_JSGE], [BPF_JSGT, BPF_JSLE], [BPF_JSLE, BPF_JSGT],
])

// biome-ignore format: table
const MIRRORED: ReadonlyMap<number, number> = new Map([
  [BPF_JEQ, BPF_JEQ], [BPF_JNE, BPF_JNE], [BPF_JSET, BPF_JSET], [JSET_FAILS, JSET_FAILS],
  [BPF_JGE, BPF_JLE], [BPF_JLE, BPF_JGE], [BPF_JGT, BPF_JLT], [BPF_JLT, BPF_JGT],
  [BPF_JSGE, BPF_JSLE], [BPF_JSLE, BPF_JSGE], [BPF_JSGT, BPF_JSLT], [BPF_JSLT, BPF_JSGT],
])

/** a R b fails exactly where this relation holds. */
export function oppositeRelation(relation: number): number {
  return OPPOSITE.get(relation) as number
}

/** b R' a for a R b. */
export function mirroredRelation(relation: number): number {
  return MIRRORED.get(relation) as number
}

function isKnown(scalar: KnownScalar, is32: boolean): boolean {
  return is32 ? isLowConstant(scalar.tnum) : isConstant(scalar.tnum)
}

function knownWord(scalar: KnownScalar, is32: boolean): Word64 {
  return is32 ? zeroExtended(scalar.tnum.value.lo) : scalar.tnum.value
}

// ---- outcome -----------------------------------------------------------------------------------------------------

/** a < b for all pairs 'always'; a >= b for all pairs 'never'. */
function lessOutcome(
  less: (a: Word64, b: Word64) => boolean,
  minA: Word64,
  maxA: Word64,
  minB: Word64,
  maxB: Word64,
): Outcome {
  if (less(maxA, minB)) return 'always'
  return less(minA, maxB) ? 'unknown' : 'never'
}

function inverted(outcome: Outcome): Outcome {
  return outcome === 'always' ? 'never' : outcome === 'never' ? 'always' : 'unknown'
}

function lessUnsignedOutcome(a: KnownScalar, b: KnownScalar, is32: boolean): Outcome {
  if (!is32) return lessOutcome(lessUnsigned, a.umin, a.umax, b.umin, b.umax)
  if (a.u32Max < b.u32Min) return 'always'
  return a.u32Min >= b.u32Max ? 'never' : 'unknown'
}

function lessSignedOutcome(a: KnownScalar, b: KnownScalar, is32: boolean): Outcome {
  if (!is32) return lessOutcome(lessSigned, a.smin, a.smax, b.smin, b.smax)
  if (a.s32Max < b.s32Min) return 'always'
  return a.s32Min >= b.s32Max ? 'never' : 'unknown'
}

function disjoint32(a: KnownScalar, b: KnownScalar): boolean {
  return a.u32Min > b.u32Max || a.u32Max < b.u32Min || a.s32Min > b.s32Max || a.s32Max < b.s32Min
}

function disjoint64(a: KnownScalar, b: KnownScalar): boolean {
  return (
    lessUnsigned(b.umax, a.umin) ||
    lessUnsigned(a.umax, b.umin) ||
    lessSigned(b.smax, a.smin) ||
    lessSigned(a.smax, b.smin)
  )
}

function equalOutcome(a: KnownScalar, b: KnownScalar, is32: boolean): Outcome {
  const bitsA = is32 ? tnumLow(a.tnum) : a.tnum
  const bitsB = is32 ? tnumLow(b.tnum) : b.tnum
  if (isConstant(bitsA) && isConstant(bitsB)) return equals(bitsA.value, bitsB.value) ? 'always' : 'never'
  if (!tnumOverlaps(bitsA, bitsB) || disjoint32(a, b)) return 'never'
  return !is32 && disjoint64(a, b) ? 'never' : 'unknown'
}

function anyBitOutcome(a: KnownScalar, b: KnownScalar, is32: boolean): Outcome {
  const [tested, known] = isKnown(b, is32) ? [a, b] : [b, a]
  if (!isKnown(known, is32)) return 'unknown'
  const word = knownWord(known, is32)
  const { value, mask } = tested.tnum
  if (!isZero(and(andNot(value, mask), word))) return 'always'
  return isZero(and(or(value, mask), word)) ? 'never' : 'unknown'
}

type OutcomeRule = (a: KnownScalar, b: KnownScalar, is32: boolean) => Outcome

// biome-ignore format: table
const OUTCOMES: readonly (OutcomeRule | undefined)[] = byRelation<OutcomeRule>([
  [BPF_JEQ,  equalOutcome],
  [BPF_JNE,  (a, b, is32) => inverted(equalOutcome(a, b, is32))],
  [BPF_JSET, anyBitOutcome],
  [BPF_JLT,  lessUnsignedOutcome],
  [BPF_JGE,  (a, b, is32) => inverted(lessUnsignedOutcome(a, b, is32))],
  [BPF_JGT,  (a, b, is32) => lessUnsignedOutcome(b, a, is32)],
  [BPF_JLE,  (a, b, is32) => inverted(lessUnsignedOutcome(b, a, is32))],
  [BPF_JSLT, lessSignedOutcome],
  [BPF_JSGE, (a, b, is32) => inverted(lessSignedOutcome(a, b, is32))],
  [BPF_JSGT, (a, b, is32) => lessSignedOutcome(b, a, is32)],
  [BPF_JSLE, (a, b, is32) => inverted(lessSignedOutcome(b, a, is32))],
])

/** Is `if a R b` always taken, never taken, or neither? */
export function branchTaken(relation: number, is32: boolean, a: KnownScalar, b: KnownScalar): Outcome {
  return OUTCOMES[relation >> 3]?.(a, b, is32) ?? 'unknown'
}

// ---- refinement ----------------------------------------------------------------------------------------------------

type RefineRule = (a: Scalar, b: Scalar, is32: boolean) => void

/** Equal words lie in both sets. */
function refineEqual(a: Scalar, b: Scalar, is32: boolean): void {
  if (is32) {
    narrowUnsigned32(a, b.u32Min, b.u32Max)
    narrowSigned32(a, b.s32Min, b.s32Max)
    b.u32Min = a.u32Min
    b.u32Max = a.u32Max
    b.s32Min = a.s32Min
    b.s32Max = a.s32Max
    const low = tnumIntersect(tnumLow(a.tnum), tnumLow(b.tnum))
    a.tnum = tnumWithLow(a.tnum, low)
    b.tnum = tnumWithLow(b.tnum, low)
    return
  }
  narrowUnsigned(a, b.umin, b.umax)
  narrowSigned(a, b.smin, b.smax)
  b.umin = a.umin
  b.umax = a.umax
  b.smin = a.smin
  b.smax = a.smax
  a.tnum = tnumIntersect(a.tnum, b.tnum)
  b.tnum = a.tnum
}

/** A word different from a known one that is an end of the range: the range shrinks by one. */
function refineDifferent(a: Scalar, b: Scalar, is32: boolean): void {
  const [other, known] = isKnown(b, is32) ? [a, b] : [b, a]
  if (!isKnown(known, is32)) return
  const word = known.tnum.value
  if (is32) dropEnd32(other, word.lo)
  else dropEnd64(other, word)
}

function dropEnd32(scalar: Scalar, low: number): void {
  if ((scalar.u32Min | 0) === low) scalar.u32Min += 1
  if ((scalar.u32Max | 0) === low) scalar.u32Max -= 1
  if (scalar.s32Min === low) scalar.s32Min = (scalar.s32Min + 1) | 0
  if (scalar.s32Max === low) scalar.s32Max = (scalar.s32Max - 1) | 0
}

function dropEnd64(scalar: Scalar, word: Word64): void {
  if (equals(scalar.umin, word)) scalar.umin = add(word, ONE)
  if (equals(scalar.umax, word)) scalar.umax = subtract(word, ONE)
  if (equals(scalar.smin, word)) scalar.smin = add(word, ONE)
  if (equals(scalar.smax, word)) scalar.smax = subtract(word, ONE)
}

/** Some bit of a known word is set: which one is only clear if that word has a single one. */
function refineAnyBit(a: Scalar, b: Scalar, is32: boolean): void {
  const [other, known] = isKnown(b, is32) ? [a, b] : [b, a]
  if (!isKnown(known, is32)) return
  const word = knownWord(known, is32)
  if (!isPowerOfTwo(word)) return
  const bits = tnumOr(is32 ? tnumLow(other.tnum) : other.tnum, tnumConstant(word))
  other.tnum = is32 ? tnumWithLow(other.tnum, bits) : bits
}

/** No bit of a known word is set. Ranges are forgotten first: they would contradict the bits on a dead branch. */
function refineNoBit(a: Scalar, b: Scalar, is32: boolean): void {
  const [other, known] = isKnown(b, is32) ? [a, b] : [b, a]
  if (!isKnown(known, is32)) return
  const word = knownWord(known, is32)
  forgetRange64(other)
  forgetRange32(other)
  const bits = tnumAnd(is32 ? tnumLow(other.tnum) : other.tnum, tnumConstant(not(word)))
  other.tnum = is32 ? tnumWithLow(other.tnum, bits) : bits
}

// a <= b: a is at most b's greatest, b at least a's least. a < b: the same, one off (a's and b's ends can't be the
// extremes, or the outcome would have been known).

function refineAtMost(a: Scalar, b: Scalar, is32: boolean): void {
  if (is32) {
    narrowUnsigned32(a, 0, b.u32Max)
    narrowUnsigned32(b, a.u32Min, U32_MAX)
  } else {
    narrowUnsigned(a, ZERO, b.umax)
    narrowUnsigned(b, a.umin, U64_MAX)
  }
}

function refineLess(a: Scalar, b: Scalar, is32: boolean): void {
  if (is32) {
    narrowUnsigned32(a, 0, b.u32Max - 1)
    narrowUnsigned32(b, a.u32Min + 1, U32_MAX)
  } else {
    narrowUnsigned(a, ZERO, subtract(b.umax, ONE))
    narrowUnsigned(b, add(a.umin, ONE), U64_MAX)
  }
}

function refineAtMostSigned(a: Scalar, b: Scalar, is32: boolean): void {
  if (is32) {
    narrowSigned32(a, S32_MIN, b.s32Max)
    narrowSigned32(b, a.s32Min, S32_MAX)
  } else {
    narrowSigned(a, S64_MIN, b.smax)
    narrowSigned(b, a.smin, S64_MAX)
  }
}

function refineLessSigned(a: Scalar, b: Scalar, is32: boolean): void {
  if (is32) {
    narrowSigned32(a, S32_MIN, b.s32Max - 1)
    narrowSigned32(b, a.s32Min + 1, S32_MAX)
  } else {
    narrowSigned(a, S64_MIN, subtract(b.smax, ONE))
    narrowSigned(b, add(a.smin, ONE), S64_MAX)
  }
}

// biome-ignore format: table
const REFINEMENTS: readonly (RefineRule | undefined)[] = byRelation<RefineRule>([
  [BPF_JEQ,    refineEqual],
  [BPF_JNE,    refineDifferent],
  [BPF_JSET,   refineAnyBit],
  [JSET_FAILS, refineNoBit],
  [BPF_JLE,    refineAtMost],
  [BPF_JLT,    refineLess],
  [BPF_JGE,    (a, b, is32) => refineAtMost(b, a, is32)],
  [BPF_JGT,    (a, b, is32) => refineLess(b, a, is32)],
  [BPF_JSLE,   refineAtMostSigned],
  [BPF_JSLT,   refineLessSigned],
  [BPF_JSGE,   (a, b, is32) => refineAtMostSigned(b, a, is32)],
  [BPF_JSGT,   (a, b, is32) => refineLessSigned(b, a, is32)],
])

/** Narrows both operands, facts by facts, where `a R b` holds; they are to be brought in step. */
export function narrowOperands(relation: number, is32: boolean, a: Scalar, b: Scalar): void {
  REFINEMENTS[relation >> 3]?.(a, b, is32)
}

/** What is left of both operands where `a R b` holds: supersets of the pairs in the relation. */
export function refine(
  relation: number,
  is32: boolean,
  a: KnownScalar,
  b: KnownScalar,
): readonly [KnownScalar, KnownScalar] {
  const left = a.clone()
  const right = b.clone()
  narrowOperands(relation, is32, left, right)
  synchronise(left)
  synchronise(right)
  repair(left)
  repair(right)
  return [left, right]
}

/** What is left of `a` where `a R b` holds: the first of what {@link refine} answers. */
export function refineFirst(relation: number, is32: boolean, a: KnownScalar, b: KnownScalar): KnownScalar {
  const left = a.clone()
  narrowOperands(relation, is32, left, b.clone())
  synchronise(left)
  repair(left)
  return left
}
