/**
 * Tristate numbers: what is known of each bit of a 64-bit word.
 *
 * A tnum is a pair (value, mask) with `value & mask == 0`. Bit i is known to be `value[i]` where `mask[i]` is 0 and
 * unknown where it is 1. It stands for the set
 *
 *     gamma(v, m) = { x : x & ~m == v }
 *
 * ordered by inclusion; (0, all ones) is the top. There is no bottom: a pair of contradictory facts is resolved in
 * favour of ones, and whoever meets one is on a path that can't be taken.
 *
 * Every operation here is sound: for x in gamma(a), y in gamma(b), x op y lies in gamma(a op b). Addition, subtraction
 * and the bitwise operations are also optimal (the smallest tnum that holds all results); multiplication is not.
 *
 * @see H. Vishwanathan et al., Sound, Precise, and Fast Abstract Interpretation with Tristate Numbers, CGO 2022,
 *   https://arxiv.org/abs/2105.05398
 */
import {
  ALL_ONES,
  add as addWords,
  andNot,
  and as andWords,
  bitLength,
  equals,
  isZero,
  lowMask,
  multiply as multiplyWords,
  not,
  or as orWords,
  shiftRightArithmetic,
  shiftLeft as shiftWordLeft,
  shiftRight as shiftWordRight,
  subtract as subtractWords,
  Word64,
  xor as xorWords,
  ZERO,
} from './word64.ts'

export class Tnum {
  readonly value: Word64
  /** Ones where the bit is unknown. */
  readonly mask: Word64

  constructor(value: Word64, mask: Word64) {
    this.value = value
    this.mask = mask
  }
}

export const TNUM_UNKNOWN: Tnum = new Tnum(ZERO, ALL_ONES)
export const TNUM_ZERO: Tnum = new Tnum(ZERO, ZERO)

export function tnumConstant(value: Word64): Tnum {
  return isZero(value) ? TNUM_ZERO : new Tnum(value, ZERO)
}

export function isConstant(a: Tnum): boolean {
  return (a.mask.lo | a.mask.hi) === 0
}

export function isUnknown(a: Tnum): boolean {
  return (a.mask.lo & a.mask.hi) === -1
}

/** The low 32 bits are all known. */
export function isLowConstant(a: Tnum): boolean {
  return a.mask.lo === 0
}

export function tnumEquals(a: Tnum, b: Tnum): boolean {
  return a === b || (equals(a.value, b.value) && equals(a.mask, b.mask))
}

/** The smallest tnum that holds every word from `min` to `max`, unsigned: the bits above the first difference. */
export function tnumOfRange(min: Word64, max: Word64): Tnum {
  const unknown = lowMask(bitLength(xorWords(min, max)))
  return new Tnum(andNot(min, unknown), unknown)
}

/**
 * Carries make the bits unknown: v is the sum with every unknown bit 0, v + masks the sum with every one 1. A bit where
 * the two agree, apart from the unknown operand bits themselves, gets the same carry whatever the unknown bits are.
 */
export function tnumAdd(a: Tnum, b: Tnum): Tnum {
  const sum = addWords(a.value, b.value)
  const highest = addWords(sum, addWords(a.mask, b.mask))
  const unknown = orWords(xorWords(highest, sum), orWords(a.mask, b.mask))
  return new Tnum(andNot(sum, unknown), unknown)
}

/** As {@link tnumAdd}, with borrows: the extremes are reached by a's unknown bits set, and by b's. */
export function tnumSubtract(a: Tnum, b: Tnum): Tnum {
  const difference = subtractWords(a.value, b.value)
  const highest = addWords(difference, a.mask)
  const lowest = subtractWords(difference, b.mask)
  const unknown = orWords(xorWords(highest, lowest), orWords(a.mask, b.mask))
  return new Tnum(andNot(difference, unknown), unknown)
}

/** A bit is 1 if both are, 0 if either is 0. */
export function tnumAnd(a: Tnum, b: Tnum): Tnum {
  const ones = andWords(a.value, b.value)
  const possible = andWords(orWords(a.value, a.mask), orWords(b.value, b.mask))
  return new Tnum(ones, andNot(possible, ones))
}

/** A bit is 1 if either is, 0 if both are. */
export function tnumOr(a: Tnum, b: Tnum): Tnum {
  const ones = orWords(a.value, b.value)
  return new Tnum(ones, andNot(orWords(a.mask, b.mask), ones))
}

export function tnumXor(a: Tnum, b: Tnum): Tnum {
  const unknown = orWords(a.mask, b.mask)
  return new Tnum(andNot(xorWords(a.value, b.value), unknown), unknown)
}

/**
 * Long multiplication: the product of the known parts, plus, for each bit of `a` that may be 1, the unknown part that
 * it lets through of `b`, shifted into place. The unknown parts are summed as tnums of their own, which keeps the known
 * product exact; the sum of sound summands is sound.
 */
export function tnumMultiply(a: Tnum, b: Tnum): Tnum {
  const known = multiplyWords(a.value, b.value)
  let { value, mask } = a
  let shiftedValue = b.value
  let shiftedMask = b.mask
  let unknown = TNUM_ZERO
  while ((value.lo | value.hi | mask.lo | mask.hi) !== 0) {
    if ((value.lo & 1) === 1) unknown = tnumAdd(unknown, new Tnum(ZERO, shiftedMask))
    else if ((mask.lo & 1) === 1) unknown = tnumAdd(unknown, new Tnum(ZERO, orWords(shiftedValue, shiftedMask)))
    value = shiftWordRight(value, 1)
    mask = shiftWordRight(mask, 1)
    shiftedValue = shiftWordLeft(shiftedValue, 1)
    shiftedMask = shiftWordLeft(shiftedMask, 1)
  }
  return tnumAdd(tnumConstant(known), unknown)
}

export function tnumShiftLeft(a: Tnum, shift: number): Tnum {
  return new Tnum(shiftWordLeft(a.value, shift), shiftWordLeft(a.mask, shift))
}

export function tnumShiftRight(a: Tnum, shift: number): Tnum {
  return new Tnum(shiftWordRight(a.value, shift), shiftWordRight(a.mask, shift))
}

/** An unknown sign bit is shifted in as unknown bits. */
export function tnumShiftRightArithmetic(a: Tnum, shift: number): Tnum {
  return new Tnum(shiftRightArithmetic(a.value, shift), shiftRightArithmetic(a.mask, shift))
}

/** Arithmetic shift of the low 32 bits; the high ones become 0. */
export function tnumShiftRightArithmetic32(a: Tnum, shift: number): Tnum {
  return new Tnum(new Word64(0, a.value.lo >> shift), new Word64(0, a.mask.lo >> shift))
}

/** What both say. Sound for a word that lies in both sets. */
export function tnumIntersect(a: Tnum, b: Tnum): Tnum {
  const unknown = andWords(a.mask, b.mask)
  return new Tnum(andNot(orWords(a.value, b.value), unknown), unknown)
}

/** The smallest tnum that holds both sets. */
export function tnumUnion(a: Tnum, b: Tnum): Tnum {
  const unknown = orWords(orWords(a.mask, b.mask), xorWords(a.value, b.value))
  return new Tnum(andNot(a.value, unknown), unknown)
}

/** Some word may lie in both. */
export function tnumOverlaps(a: Tnum, b: Tnum): boolean {
  const known = andWords(not(a.mask), not(b.mask))
  return isZero(andWords(xorWords(a.value, b.value), known))
}

/** gamma(inner) is a subset of gamma(outer). */
export function tnumContains(outer: Tnum, inner: Tnum): boolean {
  return isZero(andNot(inner.mask, outer.mask)) && equals(andNot(inner.value, outer.mask), outer.value)
}

export function tnumHolds(a: Tnum, word: Word64): boolean {
  return equals(andNot(word, a.mask), a.value)
}

/** Zero-extends the low `bits` bits, 0..64. */
export function tnumTruncate(a: Tnum, bits: number): Tnum {
  const kept = lowMask(bits)
  return new Tnum(andWords(a.value, kept), andWords(a.mask, kept))
}

/** Zero-extends the low 32 bits. */
export function tnumLow(a: Tnum): Tnum {
  return a.value.hi === 0 && a.mask.hi === 0 ? a : new Tnum(new Word64(0, a.value.lo), new Word64(0, a.mask.lo))
}

/** The high 32 bits of `a` over the low ones of `low`. */
export function tnumWithLow(a: Tnum, low: Tnum): Tnum {
  return new Tnum(new Word64(a.value.hi, low.value.lo), new Word64(a.mask.hi, low.mask.lo))
}

/** Every word in it is a multiple of `sizeBytes`, a power of two. */
export function tnumIsAligned(a: Tnum, sizeBytes: number): boolean {
  return ((a.value.lo | a.mask.lo) & (sizeBytes - 1)) === 0
}

function swapHalf(bits: number): number {
  return ((bits & 0xff) << 24) | ((bits & 0xff00) << 8) | ((bits >>> 8) & 0xff00) | (bits >>> 24)
}

function swapWord(word: Word64, bits: number): Word64 {
  if (bits === 16) return new Word64(0, swapHalf(word.lo) >>> 16)
  if (bits === 32) return new Word64(0, swapHalf(word.lo))
  return new Word64(swapHalf(word.lo), swapHalf(word.hi))
}

/** The low `bits` bits, 16, 32 or 64, with their bytes in reverse order; zeros above. */
export function tnumSwapBytes(a: Tnum, bits: number): Tnum {
  return new Tnum(swapWord(a.value, bits), swapWord(a.mask, bits))
}
