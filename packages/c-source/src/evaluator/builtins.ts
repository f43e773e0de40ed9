import type { CInteger } from '../c-type.ts'
import { INT, integerType } from '../types/integer-types.ts'

interface Builtin {
  readonly argument: CInteger
  readonly result: CInteger
  readonly compute: (value: bigint) => bigint
}

const SHORT = integerType('unsigned short')
const WORD = integerType('unsigned int')
const LONG = integerType('unsigned long')

function swapped(value: bigint, bytes: number): bigint {
  let result = 0n
  for (let at = 0; at < bytes; at++) result = (result << 8n) | ((value >> BigInt(8 * at)) & 0xffn)
  return result
}

function ones(value: bigint): bigint {
  let count = 0n
  for (let rest = value; rest > 0n; rest >>= 1n) count += rest & 1n
  return count
}

function leadingZeros(value: bigint, bits: number): bigint {
  return BigInt(bits - (value === 0n ? 0 : value.toString(2).length))
}

function trailingZeros(value: bigint, bits: number): bigint {
  return value === 0n ? BigInt(bits) : ones((value & -value) - 1n)
}

/** Builtin functions of one integer that gcc and clang fold. */
// biome-ignore format: table
const BUILTINS: Readonly<Record<string, Builtin>> = {
  __builtin_bswap16:    { argument: SHORT, result: SHORT, compute: (value) => swapped(value, 2) },
  __builtin_bswap32:    { argument: WORD,  result: WORD,  compute: (value) => swapped(value, 4) },
  __builtin_bswap64:    { argument: LONG,  result: LONG,  compute: (value) => swapped(value, 8) },
  __builtin_popcount:   { argument: WORD,  result: INT,   compute: ones },
  __builtin_popcountl:  { argument: LONG,  result: INT,   compute: ones },
  __builtin_popcountll: { argument: LONG,  result: INT,   compute: ones },
  __builtin_clz:        { argument: WORD,  result: INT,   compute: (value) => leadingZeros(value, 32) },
  __builtin_clzl:       { argument: LONG,  result: INT,   compute: (value) => leadingZeros(value, 64) },
  __builtin_clzll:      { argument: LONG,  result: INT,   compute: (value) => leadingZeros(value, 64) },
  __builtin_ctz:        { argument: WORD,  result: INT,   compute: (value) => trailingZeros(value, 32) },
  __builtin_ctzl:       { argument: LONG,  result: INT,   compute: (value) => trailingZeros(value, 64) },
  __builtin_ctzll:      { argument: LONG,  result: INT,   compute: (value) => trailingZeros(value, 64) },
  __builtin_ffs:        { argument: WORD,  result: INT,   compute: (value) => (value === 0n ? 0n : trailingZeros(value, 32) + 1n) },
}

export function builtinOf(name: string): Builtin | undefined {
  return Object.hasOwn(BUILTINS, name) ? BUILTINS[name] : undefined
}
