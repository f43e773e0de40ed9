/**
 * 64-bit machine words without BigInt: two int32 halves, immutable.
 *
 * BigInt arithmetic allocates and is some twenty times slower than two 32-bit additions, and an exploration of a
 * million instructions does hundreds of millions of them. Both halves are kept as *signed* 32-bit numbers, the only
 * form that V8 stores in a field without boxing; `>>> 0` gives the unsigned value where the order matters.
 */
export class Word64 {
  /** Bits 63..32, as int32. */
  readonly hi: number
  /** Bits 31..0, as int32. */
  readonly lo: number

  constructor(hi: number, lo: number) {
    this.hi = hi | 0
    this.lo = lo | 0
  }
}

export const ZERO: Word64 = new Word64(0, 0)
export const ONE: Word64 = new Word64(0, 1)
export const ALL_ONES: Word64 = new Word64(-1, -1)
export const U64_MAX: Word64 = ALL_ONES
export const S64_MIN: Word64 = new Word64(0x80000000, 0)
export const S64_MAX: Word64 = new Word64(0x7fffffff, -1)

// Constants and bounds of real programs are mostly small: share their words.
const SMALL_MIN = -64
const SMALL_MAX = 1023
const SMALL: readonly Word64[] = Array.from({ length: SMALL_MAX - SMALL_MIN + 1 }, (_, index) => {
  const value = SMALL_MIN + index
  return value === 0 ? ZERO : value === 1 ? ONE : new Word64(value < 0 ? -1 : 0, value)
})

/** An int32, sign-extended. */
export function signExtended(value: number): Word64 {
  if (value >= SMALL_MIN && value <= SMALL_MAX) return SMALL[value - SMALL_MIN] as Word64
  return new Word64(value >> 31, value)
}

/** The low 32 bits of a number, zero-extended. */
export function zeroExtended(value: number): Word64 {
  if (value >= 0 && value <= SMALL_MAX) return SMALL[value - SMALL_MIN] as Word64
  return new Word64(0, value)
}

/** A whole number, exact up to 2^53 either way. */
export function fromNumber(value: number): Word64 {
  return new Word64(Math.floor(value / 0x1_0000_0000), value)
}

/** From a BigInt, modulo 2^64. For tests and reports, not for the exploration. */
export function fromBigInt(value: bigint): Word64 {
  const bits = BigInt.asUintN(64, value)
  return new Word64(Number(bits >> 32n), Number(bits & 0xffffffffn))
}

/** As an unsigned BigInt. For tests and reports, not for the exploration. */
export function toUnsignedBigInt(word: Word64): bigint {
  return (BigInt(word.hi >>> 0) << 32n) | BigInt(word.lo >>> 0)
}

/** As a signed BigInt. For tests and reports, not for the exploration. */
export function toSignedBigInt(word: Word64): bigint {
  return BigInt.asIntN(64, toUnsignedBigInt(word))
}

/** As a signed number; exact only up to 2^53 either way, the nearest double beyond. */
export function toSignedNumber(word: Word64): number {
  return word.hi * 0x1_0000_0000 + (word.lo >>> 0)
}

/** As an unsigned number; exact only below 2^53, the nearest double beyond. */
export function toUnsignedNumber(word: Word64): number {
  return (word.hi >>> 0) * 0x1_0000_0000 + (word.lo >>> 0)
}

export function equals(a: Word64, b: Word64): boolean {
  return a === b || (a.lo === b.lo && a.hi === b.hi)
}

export function isZero(a: Word64): boolean {
  return (a.lo | a.hi) === 0
}

/** a < b, both unsigned. */
export function lessUnsigned(a: Word64, b: Word64): boolean {
  return a.hi === b.hi ? a.lo >>> 0 < b.lo >>> 0 : a.hi >>> 0 < b.hi >>> 0
}

/** a < b, both signed. */
export function lessSigned(a: Word64, b: Word64): boolean {
  return a.hi === b.hi ? a.lo >>> 0 < b.lo >>> 0 : a.hi < b.hi
}

export function minUnsigned(a: Word64, b: Word64): Word64 {
  return lessUnsigned(b, a) ? b : a
}

export function maxUnsigned(a: Word64, b: Word64): Word64 {
  return lessUnsigned(a, b) ? b : a
}

export function minSigned(a: Word64, b: Word64): Word64 {
  return lessSigned(b, a) ? b : a
}

export function maxSigned(a: Word64, b: Word64): Word64 {
  return lessSigned(a, b) ? b : a
}

/** a + b modulo 2^64. */
export function add(a: Word64, b: Word64): Word64 {
  const lo = (a.lo + b.lo) | 0
  const carry = lo >>> 0 < a.lo >>> 0 ? 1 : 0
  return new Word64(a.hi + b.hi + carry, lo)
}

/** a - b modulo 2^64. */
export function subtract(a: Word64, b: Word64): Word64 {
  const borrow = a.lo >>> 0 < b.lo >>> 0 ? 1 : 0
  return new Word64(a.hi - b.hi - borrow, a.lo - b.lo)
}

/** The full 64-bit product of two unsigned 32-bit numbers, by 16-bit digits. */
function multiplyWide(a: number, b: number): Word64 {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const low = Math.imul(aLow, bLow)
  const middle = aHigh * bLow + (low >>> 16)
  const cross = aLow * bHigh + (middle & 0xffff)
  const high = aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)
  return new Word64(high, ((cross & 0xffff) << 16) | (low & 0xffff))
}

/** a * b modulo 2^64. */
export function multiply(a: Word64, b: Word64): Word64 {
  const low = multiplyWide(a.lo, b.lo)
  return new Word64(low.hi + Math.imul(a.lo, b.hi) + Math.imul(a.hi, b.lo), low.lo)
}

export function and(a: Word64, b: Word64): Word64 {
  return new Word64(a.hi & b.hi, a.lo & b.lo)
}

export function or(a: Word64, b: Word64): Word64 {
  return new Word64(a.hi | b.hi, a.lo | b.lo)
}

export function xor(a: Word64, b: Word64): Word64 {
  return new Word64(a.hi ^ b.hi, a.lo ^ b.lo)
}

export function not(a: Word64): Word64 {
  return new Word64(~a.hi, ~a.lo)
}

/** a & ~b */
export function andNot(a: Word64, b: Word64): Word64 {
  return new Word64(a.hi & ~b.hi, a.lo & ~b.lo)
}

/** a << shift, 0..63. */
export function shiftLeft(a: Word64, shift: number): Word64 {
  if (shift === 0) return a
  if (shift >= 32) return new Word64(a.lo << (shift - 32), 0)
  return new Word64((a.hi << shift) | (a.lo >>> (32 - shift)), a.lo << shift)
}

/** a >> shift with zeros from the left, 0..63. */
export function shiftRight(a: Word64, shift: number): Word64 {
  if (shift === 0) return a
  if (shift >= 32) return new Word64(0, a.hi >>> (shift - 32))
  return new Word64(a.hi >>> shift, (a.lo >>> shift) | (a.hi << (32 - shift)))
}

/** a >> shift with copies of the sign from the left, 0..63. */
export function shiftRightArithmetic(a: Word64, shift: number): Word64 {
  if (shift === 0) return a
  if (shift >= 32) return new Word64(a.hi >> 31, a.hi >> (shift - 32))
  return new Word64(a.hi >> shift, (a.lo >>> shift) | (a.hi << (32 - shift)))
}

/** Position of the highest set bit, counted from 1; 0 for zero. */
export function bitLength(a: Word64): number {
  return a.hi === 0 ? 32 - Math.clz32(a.lo) : 64 - Math.clz32(a.hi)
}

/** The words below 2^bits, all ones: 0..64. */
export function lowMask(bits: number): Word64 {
  if (bits >= 64) return ALL_ONES
  if (bits >= 32) return new Word64(bits === 32 ? 0 : -1 >>> (64 - bits), -1)
  return new Word64(0, bits === 0 ? 0 : -1 >>> (32 - bits))
}

/** True when exactly one bit is set. */
export function isPowerOfTwo(a: Word64): boolean {
  const inHigh = a.hi !== 0
  const half = inHigh ? a.hi : a.lo
  return half !== 0 && (inHigh ? a.lo === 0 : true) && (half & (half - 1)) === 0
}

/** `0x...` without leading zeros; `0` for zero, as printf's `%#llx`. */
export function toHex(a: Word64): string {
  if (isZero(a)) return '0'
  const low = (a.lo >>> 0).toString(16)
  return a.hi === 0 ? `0x${low}` : `0x${(a.hi >>> 0).toString(16)}${low.padStart(8, '0')}`
}

/** Signed decimal. */
export function toSignedDecimal(a: Word64): string {
  const value = toSignedNumber(a)
  return Number.isSafeInteger(value) ? String(value) : toSignedBigInt(a).toString()
}

/** Unsigned decimal. */
export function toUnsignedDecimal(a: Word64): string {
  const value = toUnsignedNumber(a)
  return Number.isSafeInteger(value) ? String(value) : toUnsignedBigInt(a).toString()
}
