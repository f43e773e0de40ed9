import { errorAt } from '../c-source-error.ts'
import { readStrings } from './attributes.ts'
import type { Reader } from './reader.ts'

const WORDS: ReadonlySet<string> = new Set(['_Static_assert', 'static_assert'])

/** `_Static_assert(condition, text);` (C11 6.7.10): reports one that fails. False where there is none. */
export function readStaticAssertion(reader: Reader): boolean {
  const { cursor } = reader
  const place = cursor.peek()
  if (!WORDS.has(place.spelling) || !cursor.is('(', 1)) return false
  cursor.at += 2
  const condition = reader.expression()
  const text = cursor.accept(',') ? readStrings(cursor) : ''
  cursor.expect(')')
  cursor.expect(';')
  if (reader.evaluator.integer(condition) !== 0n) return true
  reader.report(errorAt(place, 'C_VALUE', `an assertion of the source fails${text === '' ? '' : `: ${text}`}`))
  return true
}
