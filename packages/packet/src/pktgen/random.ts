/*
 * Randomness that depends on a position and a seed alone, not on what was drawn before: packet N is the same whether the
 * packets before it were made or not, so several workers can each make a part of the traffic.
 */

const GOLDEN = 0x9e37_79b9

/**
 * A bijection of 32-bit numbers in which each input bit changes each output bit about half of the time.
 * @see https://github.com/skeeto/hash-prospector (public domain)
 */
export function mix32(value: number): number {
  let x = value ^ (value >>> 16)
  x = Math.imul(x, 0x21f0_aaad)
  x ^= x >>> 15
  x = Math.imul(x, 0x735a_2d97)
  return (x ^ (x >>> 15)) >>> 0
}

/** The state of one position (up to 2^53) under a seed and a salt. */
export function stateAt(position: number, seed: number, salt: number): number {
  const high = Math.floor(position / 0x1_0000_0000)
  return mix32(
    mix32((position % 0x1_0000_0000) ^ seed) ^ Math.imul(high + 1, 0x85eb_ca6b) ^ Math.imul(salt + 1, GOLDEN),
  )
}

/** The `lane`th word (unsigned 32 bits) of a state. */
export function draw(state: number, lane: number): number {
  return mix32((state + Math.imul(lane + 1, GOLDEN)) | 0)
}

/** A whole number from 0 to `count - 1` out of a word; `count` up to 2^32. */
export function below(word: number, count: number): number {
  return Math.floor((word * count) / 0x1_0000_0000)
}
