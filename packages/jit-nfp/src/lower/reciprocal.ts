/**
 * Division by a constant as multiplication by its reciprocal.
 *
 * For n < 2^32: n / d = (n * m) >> (32 + shift), where m is the multiplier, rounded up, with as many bits dropped as the
 * precision allows. Where m takes 33 bits (`wide`), its top bit is left to the caller.
 *
 * @see T. Granlund, P. Montgomery, "Division by Invariant Integers using Multiplication", PLDI 1994, figure 6.2
 * @see include/linux/reciprocal_div.h, reciprocal_value_adv
 */
export interface Reciprocal {
  /** Low 32 bits of the multiplier. */
  readonly multiplier: number
  readonly shift: number
  /** ceil(log2(d)) */
  readonly exponent: number
  /** The multiplier has a 33rd bit. */
  readonly wide: boolean
}

const WORD = 32n

/** @param divisor 1 to 2^31 @param precisionBits bits of the dividend */
export function reciprocal(divisor: number, precisionBits: number): Reciprocal {
  const exponent = 32 - Math.clz32(divisor - 1)
  const scale = 1n << (WORD + BigInt(exponent))
  let below = scale / BigInt(divisor)
  let above = (scale + (scale >> BigInt(precisionBits))) / BigInt(divisor)
  let shift = exponent
  while (shift > 0 && below >> 1n < above >> 1n) {
    below >>= 1n
    above >>= 1n
    shift--
  }
  return { multiplier: Number(BigInt.asUintN(32, above)), shift, exponent, wide: above >> WORD !== 0n }
}
