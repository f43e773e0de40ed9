/**
 * The immediates of and, orr, eor and tst: an element of 2, 4, 8, 16, 32 or 64 bits, repeated over the register, that
 * holds one run of ones, rotated. 5334 values of 64 bits can be written so, 1302 of 32.
 *
 * @see Arm ARM, DecodeBitMasks() in the shared pseudocode, and C6.2 on AND (immediate)
 */

/** The fields N:immr:imms as one number of 13 bits. */
export type LogicalImmediate = number

/** Ones in a word. */
function population(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** Zeros below the lowest one of a word that is not 0. */
function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word)
}

/**
 * The fields for elements of `bits` bits that hold `ones` ones from bit `start` on. imms tells the element's size by the
 * ones above the length less one: 0xxxxx 32 bits, 10xxxx 16, ... 11110x 2.
 */
function fieldsOf(ones: number, start: number, bits: number): LogicalImmediate {
  const n = bits === 64 ? 1 : 0
  const immr = (bits - start) % bits
  const imms = (~(2 * bits - 1) & 0x3f) | (ones - 1)
  return (n << 12) | (immr << 6) | imms
}

/** Fields of an element of up to 32 bits, itself neither all zeros nor all ones; undefined where ones are in several runs. */
function fieldsOfElement(element: number, bits: number): LogicalImmediate | undefined {
  const mask = bits === 32 ? -1 : (1 << bits) - 1
  // A run over the end is a run of zeros inside: looked at that way, no rotation is left.
  const wraps = (element & 1) !== 0
  const inside = wraps ? ~element & mask : element
  const length = population(inside)
  const start = trailingZeros(inside)
  if (Math.clz32(inside) + start + length !== 32) return undefined
  return wraps ? fieldsOf(bits - length, (start + length) % bits, bits) : fieldsOf(length, start, bits)
}

/** {@link fieldsOfElement} for one of 64 bits in two words. */
function fieldsOfPair(lo: number, hi: number): LogicalImmediate | undefined {
  const wraps = (lo & 1) !== 0
  const insideLo = wraps ? ~lo : lo
  const insideHi = wraps ? ~hi : hi
  const length = population(insideLo) + population(insideHi)
  const start = insideLo === 0 ? 32 + trailingZeros(insideHi) : trailingZeros(insideLo)
  const above = insideHi === 0 ? 32 + Math.clz32(insideLo) : Math.clz32(insideHi)
  if (above + start + length !== 64) return undefined
  return wraps ? fieldsOf(64 - length, (start + length) % 64, 64) : fieldsOf(length, start, 64)
}

/** The smallest element whose repetition a word is. */
function elementBits(word: number): number {
  let bits = 32
  while (bits > 2) {
    const half = bits >> 1
    const mask = (1 << half) - 1
    if ((word & mask) !== ((word >>> half) & mask)) break
    bits = half
  }
  return bits
}

/** N:immr:imms of a 32-bit immediate; undefined where there is none. 0 and all ones have none. */
export function logicalImmediate32(word: number): LogicalImmediate | undefined {
  if (word === 0 || word === -1) return undefined
  const bits = elementBits(word)
  return fieldsOfElement(bits === 32 ? word : word & ((1 << bits) - 1), bits)
}

/** N:immr:imms of a 64-bit immediate, given in int32 halves; undefined where there is none. */
export function logicalImmediate64(lo: number, hi: number): LogicalImmediate | undefined {
  return lo === hi ? logicalImmediate32(lo) : fieldsOfPair(lo, hi)
}
