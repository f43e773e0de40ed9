/**
 * Condition codes, the field `cond`: what `cmp a, b` must have found.
 *
 * @see Arm ARM, C1.2.4 Condition code
 */
export const CONDITION = {
  /** a = b */
  EQ: 0b0000,
  NE: 0b0001,
  /** a >= b, unsigned */
  HS: 0b0010,
  /** a < b, unsigned */
  LO: 0b0011,
  /** a > b, unsigned */
  HI: 0b1000,
  /** a <= b, unsigned */
  LS: 0b1001,
  /** a >= b, signed */
  GE: 0b1010,
  /** a < b, signed */
  LT: 0b1011,
  /** a > b, signed */
  GT: 0b1100,
  /** a <= b, signed */
  LE: 0b1101,
} as const

export type Condition = (typeof CONDITION)[keyof typeof CONDITION]

/** The opposite condition: the lowest bit inverts. */
export function invert(cond: Condition): Condition {
  return (cond ^ 1) as Condition
}
