/**
 * The scalar domain: what is known of a 64-bit register that holds a number.
 *
 * A scalar is the conjunction of five facts about one word x: its bits (a {@link Tnum}), x as unsigned and as signed
 * 64-bit number, and its low half as unsigned and as signed 32-bit number, each in a closed range:
 *
 *     gamma(s) = gamma(tnum) ∩ [umin, umax] ∩ [smin, smax] ∩ { x : low(x) in [u32Min, u32Max] and in [s32Min, s32Max] }
 *
 * ordered by inclusion. The facts are kept in step with each other by `synchronise` (bounds-deduction.ts): a transfer
 * function computes those that it can, and the others follow.
 *
 * A scalar is built by one function and never changed after that function returned it, so that registers, states and
 * reports may share it. Half ranges are stored as int32 bits, for the reason given in word64.ts.
 */
import { isConstant, TNUM_UNKNOWN, type Tnum, tnumConstant, tnumContains, tnumEquals, tnumHolds } from './tnum.ts'
import {
  equals,
  lessSigned,
  lessUnsigned,
  maxSigned,
  maxUnsigned,
  minSigned,
  minUnsigned,
  S64_MAX,
  S64_MIN,
  U64_MAX,
  type Word64,
  ZERO,
} from './word64.ts'

export const S32_MIN = -0x80000000
export const S32_MAX = 0x7fffffff
export const U32_MAX = 0xffffffff

export class Scalar {
  tnum: Tnum
  umin: Word64
  umax: Word64
  smin: Word64
  smax: Word64
  s32Min: number
  s32Max: number
  private u32MinBits: number
  private u32MaxBits: number

  constructor(tnum: Tnum, umin: Word64, umax: Word64, smin: Word64, smax: Word64) {
    this.tnum = tnum
    this.umin = umin
    this.umax = umax
    this.smin = smin
    this.smax = smax
    this.s32Min = S32_MIN
    this.s32Max = S32_MAX
    this.u32MinBits = 0
    this.u32MaxBits = -1
  }

  /** Low half, unsigned: 0..2^32-1. */
  get u32Min(): number {
    return this.u32MinBits >>> 0
  }

  set u32Min(value: number) {
    this.u32MinBits = value | 0
  }

  get u32Max(): number {
    return this.u32MaxBits >>> 0
  }

  set u32Max(value: number) {
    this.u32MaxBits = value | 0
  }

  /** A copy to work on. */
  clone(): Scalar {
    const copy = new Scalar(this.tnum, this.umin, this.umax, this.smin, this.smax)
    copy.s32Min = this.s32Min
    copy.s32Max = this.s32Max
    copy.u32MinBits = this.u32MinBits
    copy.u32MaxBits = this.u32MaxBits
    return copy
  }
}

/** A scalar that its maker is done with. */
export type KnownScalar = Readonly<Scalar>

export const UNKNOWN: KnownScalar = new Scalar(TNUM_UNKNOWN, ZERO, U64_MAX, S64_MIN, S64_MAX)

/** The set of one word. */
export function constant(value: Word64): KnownScalar {
  const scalar = new Scalar(tnumConstant(value), value, value, value, value)
  scalar.s32Min = value.lo
  scalar.s32Max = value.lo
  scalar.u32Min = value.lo
  scalar.u32Max = value.lo
  return scalar
}

export const CONSTANT_ZERO: KnownScalar = constant(ZERO)

export function isConstantScalar(scalar: KnownScalar): boolean {
  return isConstant(scalar.tnum)
}

export function isConstantZero(scalar: KnownScalar): boolean {
  return isConstant(scalar.tnum) && equals(scalar.tnum.value, ZERO)
}

export function forgetRange64(scalar: Scalar): void {
  scalar.umin = ZERO
  scalar.umax = U64_MAX
  scalar.smin = S64_MIN
  scalar.smax = S64_MAX
}

export function forgetRange32(scalar: Scalar): void {
  scalar.u32Min = 0
  scalar.u32Max = U32_MAX
  scalar.s32Min = S32_MIN
  scalar.s32Max = S32_MAX
}

export function setUnsigned(scalar: Scalar, min: Word64, max: Word64): void {
  scalar.umin = min
  scalar.umax = max
}

export function setSigned(scalar: Scalar, min: Word64, max: Word64): void {
  scalar.smin = min
  scalar.smax = max
}

/** Meets the unsigned range with [min, max]. */
export function narrowUnsigned(scalar: Scalar, min: Word64, max: Word64): void {
  scalar.umin = maxUnsigned(scalar.umin, min)
  scalar.umax = minUnsigned(scalar.umax, max)
}

export function narrowSigned(scalar: Scalar, min: Word64, max: Word64): void {
  scalar.smin = maxSigned(scalar.smin, min)
  scalar.smax = minSigned(scalar.smax, max)
}

export function narrowUnsigned32(scalar: Scalar, min: number, max: number): void {
  const low = min >>> 0
  const high = max >>> 0
  if (low > scalar.u32Min) scalar.u32Min = low
  if (high < scalar.u32Max) scalar.u32Max = high
}

export function narrowSigned32(scalar: Scalar, min: number, max: number): void {
  const low = min | 0
  const high = max | 0
  if (low > scalar.s32Min) scalar.s32Min = low
  if (high < scalar.s32Max) scalar.s32Max = high
}

/** gamma(inner) is a subset of gamma(outer), fact by fact. */
export function contains(outer: KnownScalar, inner: KnownScalar): boolean {
  if (outer === inner) return true
  return (
    !lessUnsigned(inner.umin, outer.umin) &&
    !lessUnsigned(outer.umax, inner.umax) &&
    !lessSigned(inner.smin, outer.smin) &&
    !lessSigned(outer.smax, inner.smax) &&
    outer.u32Min <= inner.u32Min &&
    outer.u32Max >= inner.u32Max &&
    outer.s32Min <= inner.s32Min &&
    outer.s32Max >= inner.s32Max &&
    tnumContains(outer.tnum, inner.tnum)
  )
}

/** The same five facts. */
export function sameScalar(a: KnownScalar, b: KnownScalar): boolean {
  if (a === b) return true
  return (
    tnumEquals(a.tnum, b.tnum) &&
    equals(a.umin, b.umin) &&
    equals(a.umax, b.umax) &&
    equals(a.smin, b.smin) &&
    equals(a.smax, b.smax) &&
    a.u32Min === b.u32Min &&
    a.u32Max === b.u32Max &&
    a.s32Min === b.s32Min &&
    a.s32Max === b.s32Max
  )
}

/** x lies in gamma(scalar). */
export function holds(scalar: KnownScalar, x: Word64): boolean {
  return (
    tnumHolds(scalar.tnum, x) &&
    !lessUnsigned(x, scalar.umin) &&
    !lessUnsigned(scalar.umax, x) &&
    !lessSigned(x, scalar.smin) &&
    !lessSigned(scalar.smax, x) &&
    x.lo >>> 0 >= scalar.u32Min &&
    x.lo >>> 0 <= scalar.u32Max &&
    x.lo >= scalar.s32Min &&
    x.lo <= scalar.s32Max
  )
}
