import { errorAt } from '../c-source-error.ts'
import type { CInteger } from '../c-type.ts'
import type { Token } from '../lexer/token.ts'
import { integerType } from '../types/integer-types.ts'

/** What a suffix stands for: the types it may have, smallest first (C11 6.4.4.1), and those hex and octal add. */
const SIGNED = ['int', 'long']
const ANY = ['int', 'unsigned int', 'long', 'unsigned long']
const UNSIGNED = ['unsigned int', 'unsigned long']
const LONG_SIGNED = ['long']
const LONG_ANY = ['long', 'unsigned long']
const LONG_UNSIGNED = ['unsigned long']
const WIDE_SIGNED = ['long long']
const WIDE_ANY = ['long long', 'unsigned long long']
const WIDE_UNSIGNED = ['unsigned long long']

// biome-ignore format: table
const SUFFIXES: ReadonlyMap<string, readonly [decimal: readonly string[], other: readonly string[]]> = new Map([
  ['',    [SIGNED, ANY]],
  ['u',   [UNSIGNED, UNSIGNED]],
  ['l',   [LONG_SIGNED, LONG_ANY]],
  ['ul',  [LONG_UNSIGNED, LONG_UNSIGNED]],
  ['lu',  [LONG_UNSIGNED, LONG_UNSIGNED]],
  ['ll',  [WIDE_SIGNED, WIDE_ANY]],
  ['ull', [WIDE_UNSIGNED, WIDE_UNSIGNED]],
  ['llu', [WIDE_UNSIGNED, WIDE_UNSIGNED]],
])

const FORM =
  /^(?:0[xX](?<hex>[0-9a-fA-F]+)|0[bB](?<binary>[01]+)|0(?<octal>[0-7]*)|(?<decimal>[1-9][0-9]*))(?<suffix>[uUlL]{0,3})$/
const KEPT = new Map<string, { value: bigint; type: CInteger } | undefined>()
const MOST_KEPT = 10_000

/** Digits beyond this are no number of 64 bits in any radix. */
const MOST_DIGITS = 80

/**
 * An integer constant and its type. `0xcafe4all` is 0xcafe4a with the suffix `ll`.
 *
 * @throws CSourceError C_TOKEN for what is none, C_VALUE past 64 bits
 */
export function readInteger(token: Token): { readonly value: bigint; readonly type: CInteger } {
  let read = KEPT.get(token.spelling)
  if (read === undefined) {
    read = parse(token)
    if (KEPT.size < MOST_KEPT) KEPT.set(token.spelling, read)
  }
  return read
}

function parse(token: Token): { value: bigint; type: CInteger } {
  const groups = token.spelling.length > MOST_DIGITS ? undefined : FORM.exec(token.spelling)?.groups
  const types = SUFFIXES.get((groups?.['suffix'] ?? '').toLowerCase())
  if (groups === undefined || types === undefined) {
    const got = token.spelling.slice(0, MOST_DIGITS)
    throw errorAt(token, 'C_TOKEN', 'a number that is no integer constant', { got })
  }
  const value = digitsValue(groups)
  const names = groups['decimal'] === undefined ? types[1] : types[0]
  const type = names.map(integerType).find((candidate) => fits(value, candidate))
  if (type !== undefined) return { value, type }
  // A decimal beyond long is unsigned to gcc and clang.
  const last = integerType('unsigned long long')
  if (fits(value, last)) return { value, type: last }
  throw errorAt(token, 'C_VALUE', 'an integer constant past 64 bits', { got: token.spelling })
}

function digitsValue({ hex, binary, octal, decimal }: Readonly<Record<string, string | undefined>>): bigint {
  if (hex !== undefined) return BigInt(`0x${hex}`)
  if (binary !== undefined) return BigInt(`0b${binary}`)
  if (octal !== undefined) return octal === '' ? 0n : BigInt(`0o${octal}`)
  return BigInt(decimal as string)
}

function fits(value: bigint, type: CInteger): boolean {
  return value < 1n << BigInt(8 * type.sizeBytes - (type.signed ? 1 : 0))
}
