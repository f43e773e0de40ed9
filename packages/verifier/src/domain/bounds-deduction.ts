/**
 * Keeps the five facts of a scalar in step: each narrows the others.
 *
 * Every rule replaces a scalar s by one t with gamma(s) = gamma(t): it adds a fact that follows from those already
 * there. So the rules may run in any order and any number of times; three rounds are what the kernel makes, and a
 * fourth seldom finds more.
 *
 * The rules between signed and unsigned ranges rest on one picture. Laid on the circle of words, an unsigned range may
 * not cross from 2^64-1 to 0, a signed range not from 2^63-1 to 2^63:
 *
 *     u64   0 ............ 2^63-1 | 2^63 ............ 2^64-1
 *     s64   0 ............ max    | min  ............ -1
 *
 * A range that stays in one half is a range in both readings. A signed range that spans 0 covers the two ends of the
 * unsigned line; if the unsigned range meets only one of those ends, that end bounds both.
 */

import {
  forgetRange32,
  forgetRange64,
  narrowSigned,
  narrowSigned32,
  narrowUnsigned,
  narrowUnsigned32,
  type Scalar,
} from './scalar.ts'
import { isConstant, isLowConstant, isUnknown, Tnum, tnumIntersect, tnumOfRange } from './tnum.ts'
import {
  equals,
  lessSigned,
  lessUnsigned,
  maxUnsigned,
  minUnsigned,
  or,
  signExtended,
  Word64,
  zeroExtended,
} from './word64.ts'

const SIGN_BIT = 0x80000000 | 0
/** As many as the kernel makes. */
const DEDUCTION_ROUNDS = 3

/** The bits give ranges: all unknown ones 0 or 1, the sign bit the other way round for the signed range. */
export function narrowByTnum(scalar: Scalar): void {
  if (isUnknown(scalar.tnum)) return
  narrow32ByTnum(scalar)
  const { value, mask } = scalar.tnum
  const lowest = new Word64(value.hi | (mask.hi & SIGN_BIT), value.lo)
  const highest = new Word64(value.hi | (mask.hi & ~SIGN_BIT), value.lo | mask.lo)
  narrowSigned(scalar, lowest, highest)
  narrowUnsigned(scalar, value, or(value, mask))
}

export function narrow32ByTnum(scalar: Scalar): void {
  const value = scalar.tnum.value.lo
  const mask = scalar.tnum.mask.lo
  narrowSigned32(scalar, value | (mask & SIGN_BIT), value | (mask & ~SIGN_BIT))
  narrowUnsigned32(scalar, value, value | mask)
}

/** The ranges give bits: those above the first difference of the ends. */
export function narrowTnumByRanges(scalar: Scalar): void {
  const wide = tnumIntersect(scalar.tnum, tnumOfRange(scalar.umin, scalar.umax))
  const low = tnumOfRange(zeroExtended(scalar.u32Min | 0), zeroExtended(scalar.u32Max | 0))
  const unknown = wide.mask.lo & low.mask.lo
  const value = (wide.value.lo | low.value.lo) & ~unknown
  scalar.tnum = new Tnum(new Word64(wide.value.hi, value), new Word64(wide.mask.hi, unknown))
}

/**
 * 64-bit ranges bound the low half when its bits run through one stretch: the high half is the same at both ends, or it
 * grows by one while the low half goes from negative to non-negative (then the stretch is contiguous as s32).
 */
function narrow32By64(scalar: Scalar): void {
  const { umin, umax, smin, smax } = scalar
  if (umin.hi === umax.hi) {
    narrowUnsigned32(scalar, umin.lo, umax.lo)
    if (umin.lo <= umax.lo) narrowSigned32(scalar, umin.lo, umax.lo)
  }
  if (smin.hi === smax.hi) {
    if (smin.lo >>> 0 <= smax.lo >>> 0) narrowUnsigned32(scalar, smin.lo, smax.lo)
    if (smin.lo <= smax.lo) narrowSigned32(scalar, smin.lo, smax.lo)
  }
  if (((umin.hi + 1) | 0) === umax.hi && umin.lo < 0 && umax.lo >= 0) narrowSigned32(scalar, umin.lo, umax.lo)
  if (((smin.hi + 1) | 0) === smax.hi && smin.lo < 0 && smax.lo >= 0) narrowSigned32(scalar, smin.lo, smax.lo)
}

function exchangeSigns32(scalar: Scalar): void {
  const low = scalar.u32Min | 0
  const high = scalar.u32Max | 0
  if (low <= high) narrowSigned32(scalar, low, high)
  const { s32Min, s32Max } = scalar
  if (s32Min >>> 0 <= s32Max >>> 0) {
    narrowUnsigned32(scalar, s32Min, s32Max)
  } else if (scalar.u32Max < s32Min >>> 0) {
    scalar.s32Min = scalar.u32Min | 0
    scalar.u32Max = Math.min(scalar.u32Max, s32Max >>> 0)
  } else if (s32Max >>> 0 < scalar.u32Min) {
    scalar.s32Max = scalar.u32Max | 0
    scalar.u32Min = Math.max(scalar.u32Min, s32Min >>> 0)
  }
}

function exchangeSigns64(scalar: Scalar): void {
  if (!lessSigned(scalar.umax, scalar.umin)) narrowSigned(scalar, scalar.umin, scalar.umax)
  const { smin, smax } = scalar
  if (!lessUnsigned(smax, smin)) {
    narrowUnsigned(scalar, smin, smax)
  } else if (lessUnsigned(scalar.umax, smin)) {
    scalar.smin = scalar.umin
    scalar.umax = minUnsigned(scalar.umax, smax)
  } else if (lessUnsigned(smax, scalar.umin)) {
    scalar.smax = scalar.umax
    scalar.umin = maxUnsigned(scalar.umin, smin)
  }
}

/** The greater of `word` and (its high half, `low`), of words with that high half in either reading. */
function raisedLow(word: Word64, low: number): Word64 {
  return low >>> 0 > word.lo >>> 0 ? new Word64(word.hi, low) : word
}

/** The lesser of them. */
function loweredLow(word: Word64, low: number): Word64 {
  return low >>> 0 < word.lo >>> 0 ? new Word64(word.hi, low) : word
}

/** The low half of every word lies from `low` to `high`, unsigned. */
function boundLowHalf(scalar: Scalar, low: number, high: number): void {
  scalar.umin = raisedLow(scalar.umin, low)
  scalar.umax = loweredLow(scalar.umax, high)
  scalar.smin = raisedLow(scalar.smin, low)
  scalar.smax = loweredLow(scalar.smax, high)
}

/**
 * The low half bounds the ends of the 64-bit ranges: no word with the same high half as `umin` is below
 * (high of umin, u32Min), and so on. A signed low range serves as well where it does not cross zero. The last rule is
 * that of a sign-extended int32 whose low half is known to be non-negative: then so is the word.
 */
function narrow64By32(scalar: Scalar): void {
  const { u32Min, u32Max, s32Min, s32Max } = scalar
  if (u32Min !== 0 || u32Max !== 0xffffffff) boundLowHalf(scalar, u32Min, u32Max)
  if (s32Min >>> 0 <= s32Max >>> 0) boundLowHalf(scalar, s32Min, s32Max)
  if (s32Min >= 0 && isAtLeastS32Min(scalar.smin) && isAtMostS32Max(scalar.smax)) {
    scalar.smin = scalar.umin = signExtended(s32Min)
    scalar.smax = scalar.umax = signExtended(s32Max)
    scalar.tnum = tnumIntersect(scalar.tnum, tnumOfRange(scalar.smin, scalar.smax))
  }
}

function isAtLeastS32Min(word: Word64): boolean {
  return word.hi >= 0 || (word.hi === -1 && word.lo < 0)
}

function isAtMostS32Max(word: Word64): boolean {
  return word.hi < 0 || (word.hi === 0 && word.lo >= 0)
}

/** One round of the rules between ranges; false when it found nothing, and the next one would find nothing either. */
function deduce(scalar: Scalar): boolean {
  const { umin, umax, smin, smax, u32Min, u32Max, s32Min, s32Max } = scalar
  narrow32By64(scalar)
  exchangeSigns32(scalar)
  exchangeSigns64(scalar)
  narrow64By32(scalar)
  return !(
    equals(scalar.umin, umin) &&
    equals(scalar.umax, umax) &&
    equals(scalar.smin, smin) &&
    equals(scalar.smax, smax) &&
    scalar.u32Min === u32Min &&
    scalar.u32Max === u32Max &&
    scalar.s32Min === s32Min &&
    scalar.s32Max === s32Max
  )
}

/** Lets the five facts narrow each other. */
export function synchronise(scalar: Scalar): void {
  narrowByTnum(scalar)
  // Bits that are all known leave nothing to deduce, unless the ranges contradict them.
  if (isConstant(scalar.tnum) && !isContradictory(scalar)) return
  for (let round = 0; round < DEDUCTION_ROUNDS && deduce(scalar); round++);
  narrowTnumByRanges(scalar)
  narrowByTnum(scalar)
}

/**
 * True when the facts contradict each other, which only happens on a path that can't be taken: a range is empty, or a
 * known word lies outside a range.
 */
export function isContradictory(scalar: Scalar): boolean {
  if (lessUnsigned(scalar.umax, scalar.umin) || lessSigned(scalar.smax, scalar.smin)) return true
  if (scalar.u32Max < scalar.u32Min || scalar.s32Max < scalar.s32Min) return true
  const { value } = scalar.tnum
  if (isConstant(scalar.tnum)) {
    const agrees = equals(scalar.umin, value) && equals(scalar.umax, value)
    if (!agrees || !equals(scalar.smin, value) || !equals(scalar.smax, value)) return true
  }
  if (isLowConstant(scalar.tnum)) {
    const low = value.lo
    const agrees = (scalar.u32Min | 0) === low && (scalar.u32Max | 0) === low
    if (!agrees || scalar.s32Min !== low || scalar.s32Max !== low) return true
  }
  return false
}

/** Forgets the ranges of a contradictory scalar, so that later rules work on well-formed ones. True when it did. */
export function repair(scalar: Scalar): boolean {
  if (!isContradictory(scalar)) return false
  forgetRange64(scalar)
  forgetRange32(scalar)
  return true
}
