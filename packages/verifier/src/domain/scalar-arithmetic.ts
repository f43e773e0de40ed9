/**
 * Transfer functions of the ALU on scalars: a sound scalar for x op y, for every x in `dst` and y in `src`.
 *
 * Each operation computes the tnum, and the 64- and 32-bit ranges where it can; `synchronise` spreads the result over the
 * other facts. An operation on 32 bits computes on the low halves and zero-extends, whatever the high halves held.
 * What has no rule (division, modulo, byte swaps, shifts by unknown amounts) gives the unknown scalar.
 *
 * For ranges the common argument is monotony: an operation that is monotone in both operands maps the ends of the
 * operands' ranges to the ends of the result's, unless it wraps, and then the range says nothing.
 */
import { BPF_ADD, BPF_AND, BPF_ARSH, BPF_LSH, BPF_MUL, BPF_OR, BPF_RSH, BPF_SUB, BPF_XOR } from '@bpfoundry/isa'
import { narrow32ByTnum, narrowByTnum, repair, synchronise } from './bounds-deduction.ts'
import {
  constant,
  forgetRange32,
  forgetRange64,
  isConstantScalar,
  type KnownScalar,
  S32_MAX,
  S32_MIN,
  type Scalar,
  setSigned,
  setUnsigned,
  U32_MAX,
  UNKNOWN,
} from './scalar.ts'
import {
  isConstant,
  isLowConstant,
  tnumAdd,
  tnumAnd,
  tnumLow,
  tnumMultiply,
  tnumOr,
  tnumShiftLeft,
  tnumShiftRight,
  tnumShiftRightArithmetic,
  tnumShiftRightArithmetic32,
  tnumSubtract,
  tnumXor,
} from './tnum.ts'
import {
  add,
  and,
  lessSigned,
  lessUnsigned,
  maxSigned,
  maxUnsigned,
  minSigned,
  minUnsigned,
  multiply,
  ONE,
  or,
  S64_MAX,
  S64_MIN,
  shiftLeft,
  shiftRight,
  shiftRightArithmetic,
  subtract,
  toSignedNumber,
  toUnsignedNumber,
  U64_MAX,
  Word64,
  xor,
  ZERO,
  zeroExtended,
} from './word64.ts'

type Transfer = (dst: Scalar, src: KnownScalar) => void

// ---- addition and subtraction: monotone, tracked unless an end overflows ---------------------------------------

function addOverflowsSigned(a: Word64, b: Word64, sum: Word64): boolean {
  return ((a.hi ^ sum.hi) & (b.hi ^ sum.hi)) < 0
}

function subtractOverflowsSigned(a: Word64, b: Word64, difference: Word64): boolean {
  return ((a.hi ^ b.hi) & (a.hi ^ difference.hi)) < 0
}

/** Ranges of dst + src; the tnum is left to the caller. Also used for pointer offsets. */
export function addRanges64(dst: Scalar, src: KnownScalar): void {
  const smin = add(dst.smin, src.smin)
  const smax = add(dst.smax, src.smax)
  const overflows = addOverflowsSigned(dst.smin, src.smin, smin) || addOverflowsSigned(dst.smax, src.smax, smax)
  if (overflows) setSigned(dst, S64_MIN, S64_MAX)
  else setSigned(dst, smin, smax)
  const umin = add(dst.umin, src.umin)
  const umax = add(dst.umax, src.umax)
  if (lessUnsigned(umin, dst.umin) || lessUnsigned(umax, dst.umax)) setUnsigned(dst, ZERO, U64_MAX)
  else setUnsigned(dst, umin, umax)
}

export function addRanges32(dst: Scalar, src: KnownScalar): void {
  setRange32(dst, dst.u32Min + src.u32Min, dst.u32Max + src.u32Max, dst.s32Min + src.s32Min, dst.s32Max + src.s32Max)
}

/** Ranges of dst - src; the tnum is left to the caller. Also used for pointer offsets. */
export function subtractRanges64(dst: Scalar, src: KnownScalar): void {
  const smin = subtract(dst.smin, src.smax)
  const smax = subtract(dst.smax, src.smin)
  const overflows =
    subtractOverflowsSigned(dst.smin, src.smax, smin) || subtractOverflowsSigned(dst.smax, src.smin, smax)
  if (overflows) setSigned(dst, S64_MIN, S64_MAX)
  else setSigned(dst, smin, smax)
  if (lessUnsigned(dst.umin, src.umax)) setUnsigned(dst, ZERO, U64_MAX)
  else setUnsigned(dst, subtract(dst.umin, src.umax), subtract(dst.umax, src.umin))
}

function subtractRanges32(dst: Scalar, src: KnownScalar): void {
  setRange32(dst, dst.u32Min - src.u32Max, dst.u32Max - src.u32Min, dst.s32Min - src.s32Max, dst.s32Max - src.s32Min)
}

/** Takes exact ends; an end outside of its 32-bit type forgets the range. */
function setRange32(dst: Scalar, umin: number, umax: number, smin: number, smax: number): void {
  const unsignedFits = umin >= 0 && umax <= U32_MAX
  const signedFits = smin >= S32_MIN && smax <= S32_MAX
  dst.u32Min = unsignedFits ? umin : 0
  dst.u32Max = unsignedFits ? umax : U32_MAX
  dst.s32Min = signedFits ? smin : S32_MIN
  dst.s32Max = signedFits ? smax : S32_MAX
}

function addScalar(dst: Scalar, src: KnownScalar): void {
  addRanges32(dst, src)
  addRanges64(dst, src)
  dst.tnum = tnumAdd(dst.tnum, src.tnum)
}

function subtractScalar(dst: Scalar, src: KnownScalar): void {
  subtractRanges32(dst, src)
  subtractRanges64(dst, src)
  dst.tnum = tnumSubtract(dst.tnum, src.tnum)
}

// ---- multiplication: the extremes are products of ends, unless one of those products overflows ---------------------

function multiplyRanges32(dst: Scalar, src: KnownScalar): void {
  const ends = [dst.s32Min * src.s32Min, dst.s32Min * src.s32Max, dst.s32Max * src.s32Min, dst.s32Max * src.s32Max]
  setRange32(dst, dst.u32Min * src.u32Min, dst.u32Max * src.u32Max, Math.min(...ends), Math.max(...ends))
}

/** Products this close to the ends of their type are taken to overflow: they are estimated as doubles. */
const ESTIMATE_MARGIN = 1 - 2 ** -50

function unsignedProductFits(a: Word64, b: Word64): boolean {
  return toUnsignedNumber(a) * toUnsignedNumber(b) < 2 ** 64 * ESTIMATE_MARGIN
}

function signedProductFits(a: Word64, b: Word64): boolean {
  return Math.abs(toSignedNumber(a) * toSignedNumber(b)) < 2 ** 63 * ESTIMATE_MARGIN
}

function multiplySigned(dst: Scalar, src: KnownScalar): void {
  const pairs = [
    [dst.smin, src.smin],
    [dst.smin, src.smax],
    [dst.smax, src.smin],
    [dst.smax, src.smax],
  ] as const
  if (!pairs.every(([a, b]) => signedProductFits(a, b))) {
    setSigned(dst, S64_MIN, S64_MAX)
    return
  }
  const products = pairs.map(([a, b]) => multiply(a, b))
  setSigned(dst, products.reduce(minSigned), products.reduce(maxSigned))
}

function multiplyRanges64(dst: Scalar, src: KnownScalar): void {
  multiplySigned(dst, src)
  if (unsignedProductFits(dst.umax, src.umax)) {
    setUnsigned(dst, multiply(dst.umin, src.umin), multiply(dst.umax, src.umax))
  } else {
    setUnsigned(dst, ZERO, U64_MAX)
  }
}

function multiplyScalar(dst: Scalar, src: KnownScalar): void {
  dst.tnum = tnumMultiply(dst.tnum, src.tnum)
  multiplyRanges32(dst, src)
  multiplyRanges64(dst, src)
}

// ---- bitwise operations: bounded by the bits, and by the operands where no bit can be added or lost ----------------

/** Signed ranges follow from unsigned ones that do not cross the sign. */
function signedFromUnsigned(dst: Scalar): void {
  if (lessSigned(dst.umax, dst.umin)) setSigned(dst, S64_MIN, S64_MAX)
  else setSigned(dst, dst.umin, dst.umax)
  const low = dst.u32Min | 0
  const high = dst.u32Max | 0
  dst.s32Min = low <= high ? low : S32_MIN
  dst.s32Max = low <= high ? high : S32_MAX
}

/** x & y is at most the smaller of the two, and at least the bits known to be set in both. */
function andScalar(dst: Scalar, src: KnownScalar): void {
  dst.tnum = tnumAnd(dst.tnum, src.tnum)
  dst.u32Min = dst.tnum.value.lo
  dst.u32Max = Math.min(dst.u32Max, src.u32Max)
  setUnsigned(dst, dst.tnum.value, minUnsigned(dst.umax, src.umax))
  signedFromUnsigned(dst)
  narrowByTnum(dst)
}

/** x | y is at least the greater of the two, and at most all bits that may be set. */
function orScalar(dst: Scalar, src: KnownScalar): void {
  dst.tnum = tnumOr(dst.tnum, src.tnum)
  const { value, mask } = dst.tnum
  dst.u32Min = Math.max(dst.u32Min, src.u32Min)
  dst.u32Max = value.lo | mask.lo
  setUnsigned(dst, maxUnsigned(dst.umin, src.umin), or(value, mask))
  signedFromUnsigned(dst)
  narrowByTnum(dst)
}

/** Only the bits bound x ^ y. */
function xorScalar(dst: Scalar, src: KnownScalar): void {
  dst.tnum = tnumXor(dst.tnum, src.tnum)
  const { value, mask } = dst.tnum
  dst.u32Min = value.lo
  dst.u32Max = value.lo | mask.lo
  setUnsigned(dst, value, or(value, mask))
  signedFromUnsigned(dst)
  narrowByTnum(dst)
}

// ---- shifts: by a known amount below the width ---------------------------------------------------------------------

/** x * 2^k is monotone unless a set bit may leave at the top. */
function shiftLeft32Range(dst: Scalar, amount: number): void {
  dst.s32Min = S32_MIN
  dst.s32Max = S32_MAX
  if (amount > 31 || dst.u32Max > 2 ** (31 - amount)) {
    dst.u32Min = 0
    dst.u32Max = U32_MAX
  } else {
    dst.u32Min = dst.u32Min << amount
    dst.u32Max = dst.u32Max << amount
  }
}

function shiftLeft64(dst: Scalar, amount: number): void {
  // x << 32 is the low half moved up, sign and all: the first half of the usual sign extension.
  if (amount === 32) setSigned(dst, new Word64(dst.s32Min, 0), new Word64(dst.s32Max, 0))
  else setSigned(dst, S64_MIN, S64_MAX)
  if (lessUnsigned(shiftLeft(ONE, 63 - amount), dst.umax)) setUnsigned(dst, ZERO, U64_MAX)
  else setUnsigned(dst, shiftLeft(dst.umin, amount), shiftLeft(dst.umax, amount))
  shiftLeft32Range(dst, amount)
  dst.tnum = tnumShiftLeft(dst.tnum, amount)
  narrowByTnum(dst)
}

function shiftLeft32(dst: Scalar, amount: number): void {
  shiftLeft32Range(dst, amount)
  dst.tnum = tnumLow(tnumShiftLeft(tnumLow(dst.tnum), amount))
  forgetRange64(dst)
  narrow32ByTnum(dst)
}

/** Unsigned division by 2^k, monotone. A sign bit may come or go, so the signed range follows from the unsigned. */
function shiftRight64(dst: Scalar, amount: number): void {
  setSigned(dst, S64_MIN, S64_MAX)
  dst.tnum = tnumShiftRight(dst.tnum, amount)
  setUnsigned(dst, shiftRight(dst.umin, amount), shiftRight(dst.umax, amount))
  forgetRange32(dst)
  narrowByTnum(dst)
}

function shiftRight32(dst: Scalar, amount: number): void {
  dst.s32Min = S32_MIN
  dst.s32Max = S32_MAX
  dst.tnum = tnumShiftRight(tnumLow(dst.tnum), amount)
  dst.u32Min = dst.u32Min >>> amount
  dst.u32Max = dst.u32Max >>> amount
  forgetRange64(dst)
  narrow32ByTnum(dst)
}

/** Division by 2^k rounding down, monotone on the signed line. */
function shiftRightArithmetic64(dst: Scalar, amount: number): void {
  setSigned(dst, shiftRightArithmetic(dst.smin, amount), shiftRightArithmetic(dst.smax, amount))
  dst.tnum = tnumShiftRightArithmetic(dst.tnum, amount)
  setUnsigned(dst, ZERO, U64_MAX)
  forgetRange32(dst)
  narrowByTnum(dst)
}

function shiftRightArithmetic32(dst: Scalar, amount: number): void {
  dst.s32Min = dst.s32Min >> amount
  dst.s32Max = dst.s32Max >> amount
  dst.tnum = tnumShiftRightArithmetic32(dst.tnum, amount)
  dst.u32Min = 0
  dst.u32Max = U32_MAX
  forgetRange64(dst)
  narrow32ByTnum(dst)
}

// ---- the table ----------------------------------------------------------------------------------------------------

interface OperationRow {
  readonly transfer64: Transfer
  readonly transfer32: Transfer
  /** The concrete operation, for two constants. */
  readonly evaluate64: (a: Word64, b: Word64) => Word64
  readonly isShift: boolean
}

function shiftRow(
  by64: (dst: Scalar, amount: number) => void,
  by32: (dst: Scalar, amount: number) => void,
  evaluate: (a: Word64, amount: number) => Word64,
): OperationRow {
  return {
    transfer64: (dst, src) => by64(dst, src.tnum.value.lo),
    transfer32: (dst, src) => by32(dst, src.tnum.value.lo),
    evaluate64: (a, b) => evaluate(a, b.lo),
    isShift: true,
  }
}

function plainRow(transfer: Transfer, evaluate64: (a: Word64, b: Word64) => Word64): OperationRow {
  return { transfer64: transfer, transfer32: transfer, evaluate64, isShift: false }
}

// biome-ignore format: table
const OPERATIONS: ReadonlyMap<number, OperationRow> = new Map([
  [BPF_ADD,  plainRow(addScalar,      add)],
  [BPF_SUB,  plainRow(subtractScalar, subtract)],
  [BPF_MUL,  plainRow(multiplyScalar, multiply)],
  [BPF_AND,  plainRow(andScalar,      and)],
  [BPF_OR,   plainRow(orScalar,       or)],
  [BPF_XOR,  plainRow(xorScalar,      xor)],
  [BPF_LSH,  shiftRow(shiftLeft64,            shiftLeft32,            shiftLeft)],
  [BPF_RSH,  shiftRow(shiftRight64,           shiftRight32,           shiftRight)],
  [BPF_ARSH, shiftRow(shiftRightArithmetic64, shiftRightArithmetic32, shiftRightArithmetic)],
])

const ROWS: readonly (OperationRow | undefined)[] = Array.from({ length: 16 }, (_, code) => OPERATIONS.get(code << 4))

/** Zero-extension of a 32-bit result: the 64-bit ranges are those of the low half. */
export function zeroExtendLow(scalar: Scalar): void {
  scalar.tnum = tnumLow(scalar.tnum)
  setUnsigned(scalar, zeroExtended(scalar.u32Min | 0), zeroExtended(scalar.u32Max | 0))
  const nonNegative = scalar.s32Min >= 0
  const smin = nonNegative ? scalar.s32Min : 0
  const smax = nonNegative ? scalar.s32Max : U32_MAX
  setSigned(scalar, zeroExtended(smin), zeroExtended(smax | 0))
}

/** A shift is only followed for a known amount below the width; others are undefined in the range domain. */
function amountIsKnown(src: KnownScalar, is32: boolean): boolean {
  if (is32) return isLowConstant(src.tnum) && src.umax.hi === 0 && src.umax.lo >>> 0 < 32
  return isConstant(src.tnum) && src.umax.hi === 0 && src.umax.lo >>> 0 < 64
}

/**
 * `dst op= src` for two scalars.
 *
 * @param operation BPF_ADD, BPF_SUB ... as in the opcode's upper four bits
 * @param is32 class ALU: low halves only, result zero-extended
 */
export function applyOperation(operation: number, is32: boolean, dst: KnownScalar, src: KnownScalar): KnownScalar {
  const row = ROWS[operation >> 4]
  if (row === undefined || (row.isShift && !amountIsKnown(src, is32))) return UNKNOWN
  if (!is32 && isConstantScalar(dst) && isConstantScalar(src)) {
    return constant(row.evaluate64(dst.tnum.value, src.tnum.value))
  }
  const result = dst.clone()
  if (is32) {
    row.transfer32(result, src)
    zeroExtendLow(result)
  } else {
    row.transfer64(result, src)
  }
  synchronise(result)
  repair(result)
  return result
}
