import { ConformanceError } from '../../conformance-error.ts'

/** Names that `__retval` may have for a number. POINTER_VALUE is any value: what is returned is an address. */
const RETVALS: ReadonlyMap<string, number | 'any'> = new Map<string, number | 'any'>([
  ['POINTER_VALUE', 'any'],
  ['TEST_DATA_LEN', 64],
  ['INT_MIN', -(2 ** 31)],
])

/** A C integer type in brackets: `(u32)`. */
const CAST = /^\(\s*(?:unsigned\s+|signed\s+)?\w+\s*\)\s*/

/**
 * What `__retval` says: 32 bits, signed.
 *
 * @throws ConformanceError CONFORMANCE_SOURCE
 */
export function readRetval(text: string): number | 'any' {
  return RETVALS.get(text.trim()) ?? readInteger(text, '__retval')
}

/**
 * A C integer, decimal or hexadecimal, wrapped to 32 bits, signed.
 *
 * @param macro what the value is of, for the error
 * @throws ConformanceError CONFORMANCE_SOURCE
 */
export function readInteger(text: string, macro: string): number {
  const digits = text
    .trim()
    .replace(CAST, '')
    .replace(/^\((.*)\)$/, '$1')
    .replace(/[uUlL]+$/, '')
  const [, sign, number] = /^\s*([+-]?)\s*(0x[0-9a-f]+|\d+)\s*$/i.exec(digits) ?? []
  if (number === undefined) {
    throw new ConformanceError({
      code: 'CONFORMANCE_SOURCE',
      message: `${macro} with what is no number`,
      got: text.slice(0, 80),
      expected: 'a decimal or hexadecimal number, or a name that the macro knows',
    })
  }
  const value = BigInt(number)
  return Number(BigInt.asIntN(32, sign === '-' ? -value : value))
}
