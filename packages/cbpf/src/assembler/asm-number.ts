/** What strtol and strtoul of 64 bits can give. */
const MOST = { signed: 2n ** 63n - 1n, unsigned: 2n ** 64n - 1n }
const LEAST = -(2n ** 63n)
/** Digits that can't be a value of 64 bits in any radix; more would only cost time. */
const LONGEST = 70

/** A number as bpf_asm takes it. */
export interface AsmNumber {
  /** 32 bits, unsigned. */
  readonly value: number
  /** Bits were cut off. */
  readonly cut: boolean
}

/**
 * Hexadecimal (0x), binary (0b), octal (0) or decimal with a sign, cut to 32 bits. What exceeds 64 bits counts as the
 * greatest number that those hold, as of strtol(3).
 */
export function asmNumber(text: string): AsmNumber {
  const value = limited(text)
  return { value: Number(BigInt.asUintN(32, value)), cut: value < -(2n ** 31n) || value > 0xffff_ffffn }
}

function limited(text: string): bigint {
  const isHex = /^0x/i.test(text)
  const most = isHex ? MOST.unsigned : MOST.signed
  const digits = text.replace(/^([-+]?)(0x|0b|0)?0*(?=.)/i, '$1$2')
  const negative = digits.startsWith('-')
  if (digits.length > LONGEST) return negative ? LEAST : most
  const value = negative ? -BigInt(digits.slice(1)) : BigInt(inRadix(digits.replace(/^\+/, '')))
  if (value > most) return most
  return value < LEAST ? LEAST : value
}

/** The spelling that BigInt reads. */
function inRadix(digits: string): string {
  return /^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase()
}
