/**
 * 64-bit arithmetic on pairs of 32-bit words, without BigInt. A number is (lo, hi), both int32 as `|0` gives them;
 * results go to the register file at `dst` and `dstHi`, which truncates what is stored to 32 bits. Operands are passed by
 * value, so that they may be the destination's own words.
 */
import type { Registers, Slot } from './registers.ts'

const WORD = 2 ** 32
/** Whole numbers up to here are exact as doubles, and so are quotient and product of two of them that stay below it. */
const EXACT = 2 ** 53

/** r[dst] = (lo, hi). */
export function set64(r: Registers, dst: Slot, dstHi: Slot, lo: number, hi: number): void {
  r[dst] = lo
  r[dstHi] = hi
}

/** r[dst] = an int32, sign-extended to 64 bits. */
export function setSigned(r: Registers, dst: Slot, dstHi: Slot, value: number): void {
  r[dst] = value
  r[dstHi] = value >> 31
}

/** r[dst] = a word, zero-extended to 64 bits. */
export function setUnsigned(r: Registers, dst: Slot, dstHi: Slot, word: number): void {
  r[dst] = word
  r[dstHi] = 0
}

/** r[dst] += b. The lower sum wrapped exactly when it is below either addend. */
export function add64(r: Registers, dst: Slot, dstHi: Slot, bLo: number, bHi: number): void {
  const lo = (r[dst] + bLo) | 0
  r[dst] = lo
  r[dstHi] = r[dstHi] + bHi + (lo >>> 0 < bLo >>> 0 ? 1 : 0)
}

/** r[dst] -= b. */
export function sub64(r: Registers, dst: Slot, dstHi: Slot, bLo: number, bHi: number): void {
  const aLo = r[dst]
  r[dst] = aLo - bLo
  r[dstHi] = r[dstHi] - bHi - borrow(aLo, bLo)
}

/** 1 when `a - b` on 32 bits borrows. */
function borrow(a: number, b: number): 0 | 1 {
  return a >>> 0 < b >>> 0 ? 1 : 0
}

/** a < b, unsigned 64 bits. */
export function below(aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  return aHi === bHi ? aLo >>> 0 < bLo >>> 0 : aHi >>> 0 < bHi >>> 0
}

/** a < b, signed 64 bits: the high words decide as signed, the low ones as unsigned numbers. */
export function less(aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  return aHi === bHi ? aLo >>> 0 < bLo >>> 0 : aHi < bHi
}

/** Upper 32 bits of the unsigned product of two words, by halves: no partial sum exceeds 32 bits. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0
  const cross = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) | 0
}

/** r[dst] *= b. The product of the high words lies above bit 64. */
export function mul64(r: Registers, dst: Slot, dstHi: Slot, bLo: number, bHi: number): void {
  const aLo = r[dst]
  const aHi = r[dstHi]
  r[dst] = Math.imul(aLo, bLo)
  r[dstHi] = (mulHigh(aLo, bLo) + Math.imul(aLo, bHi) + Math.imul(aHi, bLo)) | 0
}

/** Results of {@link divide}: quotient (lo, hi) and remainder (lo, hi). One per thread; read at once after a call. */
const result = new Int32Array(4)

function setExact(quotient: number, remainder: number): void {
  result[0] = quotient
  result[1] = quotient / WORD
  result[2] = remainder
  result[3] = remainder / WORD
}

/**
 * b below 2^32: schoolbook division in base 2^16. Each step divides (rest * 2^16 + digit) < 2^48, exact as a
 * double, because rest < b < 2^32. The high word gives the first quotient word at once.
 */
function divideByWord(aLo: number, aHi: number, b: number): void {
  const high = aHi >>> 0
  const quotientHi = Math.floor(high / b)
  const upper = (high - quotientHi * b) * 0x10000 + (aLo >>> 16)
  const quotient1 = Math.floor(upper / b)
  const lower = (upper - quotient1 * b) * 0x10000 + (aLo & 0xffff)
  const quotient0 = Math.floor(lower / b)
  result[0] = quotient1 * 0x10000 + quotient0
  result[1] = quotientHi
  result[2] = lower - quotient0 * b
  result[3] = 0
}

/**
 * b at least 2^32, so the quotient is below 2^32. As doubles, operands and quotient are each off by at most one part in
 * 2^53: the quotient by less than 2^32 * 2^-51, so that rounding down gives the true one or a neighbour. Starting one
 * lower keeps quotient * b within a, hence within 64 bits; at most two steps up remain.
 */
function divideByPair(aLo: number, aHi: number, bLo: number, bHi: number): void {
  const estimate = Math.floor(((aHi >>> 0) * WORD + (aLo >>> 0)) / ((bHi >>> 0) * WORD + (bLo >>> 0)))
  let quotient = Math.max(estimate - 1, 0) | 0
  const productLo = Math.imul(quotient, bLo)
  const productHi = (mulHigh(quotient, bLo) + Math.imul(quotient, bHi)) | 0
  let restHi = (aHi - productHi - borrow(aLo, productLo)) | 0
  let restLo = (aLo - productLo) | 0
  while (!below(restLo, restHi, bLo, bHi)) {
    quotient = (quotient + 1) | 0
    restHi = (restHi - bHi - borrow(restLo, bLo)) | 0
    restLo = (restLo - bLo) | 0
  }
  result[0] = quotient
  result[1] = 0
  result[2] = restLo
  result[3] = restHi
}

/** Unsigned 64-bit division by b != 0; the answer is in {@link result}. */
function divide(aLo: number, aHi: number, bLo: number, bHi: number): void {
  const a = (aHi >>> 0) * WORD + (aLo >>> 0)
  const b = (bHi >>> 0) * WORD + (bLo >>> 0)
  if (a < EXACT && b < EXACT) {
    const quotient = Math.floor(a / b)
    setExact(quotient, a - quotient * b)
  } else if (bHi === 0) divideByWord(aLo, aHi, b)
  else divideByPair(aLo, aHi, bLo, bHi)
}

/** r[dst] /= b, unsigned; 0 when b is 0. @see RFC 9669, section 4.1 */
export function udiv64(r: Registers, dst: Slot, dstHi: Slot, bLo: number, bHi: number): void {
  if ((bLo | bHi) === 0) {
    r[dst] = 0
    r[dstHi] = 0
    return
  }
  divide(r[dst], r[dstHi], bLo, bHi)
  r[dst] = result[0] as number
  r[dstHi] = result[1] as number
}

/** r[dst] %= b, unsigned; unchanged when b is 0. @see RFC 9669, section 4.1 */
export function umod64(r: Registers, dst: Slot, dstHi: Slot, bLo: number, bHi: number): void {
  if ((bLo | bHi) === 0) return
  divide(r[dst], r[dstHi], bLo, bHi)
  r[dst] = result[2] as number
  r[dstHi] = result[3] as number
}

/** High word of -a. */
function negatedHigh(lo: number, hi: number): number {
  return (~hi + (lo === 0 ? 1 : 0)) | 0
}

/** r[dst] = -r[dst]. */
export function neg64(r: Registers, dst: Slot, dstHi: Slot): void {
  r[dstHi] = negatedHigh(r[dst], r[dstHi])
  r[dst] = -r[dst] | 0
}

/** Divides magnitudes. -2^63 is its own magnitude as an unsigned number, so that -2^63 / -1 comes out as -2^63. */
function divideMagnitudes(aLo: number, aHi: number, bLo: number, bHi: number): void {
  divide(
    aHi < 0 ? -aLo | 0 : aLo,
    aHi < 0 ? negatedHigh(aLo, aHi) : aHi,
    bHi < 0 ? -bLo | 0 : bLo,
    bHi < 0 ? negatedHigh(bLo, bHi) : bHi,
  )
}

/** r[dst] /= b, signed, rounding towards zero; 0 when b is 0. @see RFC 9669, section 4.1 */
export function sdiv64(r: Registers, dst: Slot, dstHi: Slot, bLo: number, bHi: number): void {
  if ((bLo | bHi) === 0) {
    r[dst] = 0
    r[dstHi] = 0
    return
  }
  const negative = r[dstHi] < 0 !== bHi < 0
  divideMagnitudes(r[dst], r[dstHi], bLo, bHi)
  r[dst] = result[0] as number
  r[dstHi] = result[1] as number
  if (negative) neg64(r, dst, dstHi)
}

/** r[dst] %= b, signed; the remainder has the dividend's sign; unchanged when b is 0. @see RFC 9669, section 4.1 */
export function smod64(r: Registers, dst: Slot, dstHi: Slot, bLo: number, bHi: number): void {
  if ((bLo | bHi) === 0) return
  const negative = r[dstHi] < 0
  divideMagnitudes(r[dst], r[dstHi], bLo, bHi)
  r[dst] = result[2] as number
  r[dstHi] = result[3] as number
  if (negative) neg64(r, dst, dstHi)
}

/** r[dst] <<= n, n from 0 to 63. A JavaScript shift by 32 is a shift by 0, hence the three cases, here and below. */
export function lsh64(r: Registers, dst: Slot, dstHi: Slot, n: number): void {
  const lo = r[dst]
  if (n >= 32) {
    r[dstHi] = lo << (n - 32)
    r[dst] = 0
  } else if (n > 0) {
    r[dstHi] = (r[dstHi] << n) | (lo >>> (32 - n))
    r[dst] = lo << n
  }
}

/** r[dst] >>= n, zeros from above, n from 0 to 63. */
export function rsh64(r: Registers, dst: Slot, dstHi: Slot, n: number): void {
  const hi = r[dstHi]
  if (n >= 32) {
    r[dst] = hi >>> (n - 32)
    r[dstHi] = 0
  } else if (n > 0) {
    r[dst] = (r[dst] >>> n) | (hi << (32 - n))
    r[dstHi] = hi >>> n
  }
}

/** r[dst] >>= n, signs from above, n from 0 to 63. */
export function arsh64(r: Registers, dst: Slot, dstHi: Slot, n: number): void {
  const hi = r[dstHi]
  if (n >= 32) {
    r[dst] = hi >> (n - 32)
    r[dstHi] = hi >> 31
  } else if (n > 0) {
    r[dst] = (r[dst] >>> n) | (hi << (32 - n))
    r[dstHi] = hi >> n
  }
}

/** The bytes of a word in reverse order. */
export function swap32(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}

/** The bytes of the lower half of a word in reverse order, upper half zero. */
export function swap16(word: number): number {
  return ((word & 0xff) << 8) | ((word >>> 8) & 0xff)
}

/** a / b, unsigned 32 bits; 0 when b is 0. @see RFC 9669, section 4.1 */
export function udiv32(a: number, b: number): number {
  return b === 0 ? 0 : ((a >>> 0) / (b >>> 0)) | 0
}

/** a % b, unsigned 32 bits; a when b is 0. @see RFC 9669, section 4.1 */
export function umod32(a: number, b: number): number {
  return b === 0 ? a : ((a >>> 0) % (b >>> 0)) | 0
}

/** a / b, signed 32 bits, rounding towards zero; 0 when b is 0, -2^31 / -1 is -2^31. @see RFC 9669, section 4.1 */
export function sdiv32(a: number, b: number): number {
  return b === 0 ? 0 : (a / b) | 0
}

/** a % b, signed 32 bits, with the sign of a; a when b is 0. @see RFC 9669, section 4.1 */
export function smod32(a: number, b: number): number {
  return b === 0 ? a : (a % b) | 0
}
