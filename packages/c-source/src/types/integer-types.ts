import type { CInteger } from '../c-type.ts'

/** An integer type with its rank (C11 6.3.1.1). */
export interface RankedInteger extends CInteger {
  readonly rank: number
}

// biome-ignore format: table
const ROWS: readonly (readonly [name: string, sizeBytes: number, signed: boolean, rank: number])[] = [
  ['_Bool',               1, false, 0],
  ['char',                1, true,  1],
  ['signed char',         1, true,  1],
  ['unsigned char',       1, false, 1],
  ['short',               2, true,  2],
  ['unsigned short',      2, false, 2],
  ['int',                 4, true,  3],
  ['unsigned int',        4, false, 3],
  ['long',                8, true,  4],
  ['unsigned long',       8, false, 4],
  ['long long',           8, true,  5],
  ['unsigned long long',  8, false, 5],
  ['__int128',           16, true,  6],
  ['unsigned __int128',  16, false, 6],
]

/** By name. */
export const INTEGER_TYPES: ReadonlyMap<string, RankedInteger> = new Map(
  ROWS.map(([name, sizeBytes, signed, rank]) => [name, { kind: 'integer', name, sizeBytes, signed, rank }]),
)

/** The integer type of a name as in the table: LP64, plain char signed, as clang's bpf target has it. */
export function integerType(name: string): RankedInteger {
  const type = INTEGER_TYPES.get(name)
  if (type === undefined) throw new Error(`no integer type is called ${name}`)
  return type
}

export const CHAR: RankedInteger = integerType('char')
export const INT: RankedInteger = integerType('int')
export const UNSIGNED_INT: RankedInteger = integerType('unsigned int')
export const LONG: RankedInteger = integerType('long')
export const UNSIGNED_LONG: RankedInteger = integerType('unsigned long')

/** The rank of any integer type, also one that is not of this table. */
export function rankOf(type: CInteger): number {
  return INTEGER_TYPES.get(type.name)?.rank ?? 0
}

/** A number as a type holds it: modulo its range; for _Bool, whether it is zero (C11 6.3.1.2, 6.3.1.3). */
export function wrap(value: bigint, type: CInteger, widthBits: number = 8 * type.sizeBytes): bigint {
  if (type.name === '_Bool') return value === 0n ? 0n : 1n
  return type.signed ? BigInt.asIntN(widthBits, value) : BigInt.asUintN(widthBits, value)
}
