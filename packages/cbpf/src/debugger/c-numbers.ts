/** What strtoul(3) and strtol(3) of 64 bits give for more. */
const MOST_UNSIGNED = 2n ** 64n - 1n
const MOST_SIGNED = 2n ** 63n - 1n
/** No number of 64 bits has more digits. */
const LONGEST = 20

/** A decimal number as C's scanners read it: space, a sign, digits; where it ends; undefined where there is none. */
interface Scanned {
  readonly negative: boolean
  /** More than 64 bits hold where there are too many digits. */
  readonly magnitude: bigint
  readonly end: number
}

const NUMBER = /[ \t\n\v\f\r]*([-+]?)0*(\d*)/y

function scan(text: string, from: number): Scanned | undefined {
  NUMBER.lastIndex = from
  const [all = '', sign = '', digits = ''] = NUMBER.exec(text) ?? []
  if (!/\d$/.test(all)) return undefined
  const magnitude = digits.length > LONGEST ? MOST_UNSIGNED + 1n : BigInt(digits === '' ? 0 : digits)
  return { negative: sign === '-', magnitude, end: from + all.length }
}

/** `(unsigned) strtoul(text, NULL, 10)`: 32 bits; 0 where there is no number. */
export function strtoul32(text: string): number {
  return scanUnsigned(text, 0, 32)?.value ?? 0
}

/** `(int) strtol(text, NULL, 10)`: what exceeds 64 bits becomes the greatest number, cut to 32 bits. */
export function strtol32(text: string): number {
  const scanned = scan(text, 0)
  if (scanned === undefined) return 0
  const { negative, magnitude } = scanned
  const value = negative ? -magnitude : magnitude
  const limited = value > MOST_SIGNED ? MOST_SIGNED : value < -MOST_SIGNED - 1n ? -MOST_SIGNED - 1n : value
  return Number(BigInt.asIntN(32, limited))
}

/** `%hhu`, `%hu` or `%u` of sscanf(3): cut to `bits` without a word. Undefined where there is no number. */
export function scanUnsigned(
  text: string,
  from: number,
  bits: number,
): { readonly value: number; readonly end: number } | undefined {
  const scanned = scan(text, from)
  if (scanned === undefined) return undefined
  const { negative, magnitude, end } = scanned
  const value = magnitude > MOST_UNSIGNED ? MOST_UNSIGNED : negative ? -magnitude : magnitude
  return { value: Number(BigInt.asUintN(bits, value)), end }
}
