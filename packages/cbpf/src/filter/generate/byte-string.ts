import { and, type Condition } from '../condition.ts'
import type { Generation } from './generation.ts'
import { type FieldBase, fieldEquals } from './packet-field.ts'

/** Compares successive bytes, four at a time from the end: the ends of addresses differ most. */
export function bytesEqual(
  generation: Generation,
  base: FieldBase,
  offset: number,
  bytes: readonly number[],
): Condition {
  let rest = bytes.length
  let condition: Condition | undefined
  for (const width of [4, 2, 1] as const) {
    while (rest >= width) {
      rest -= width
      const value = bytes.slice(rest, rest + width).reduce((sum, byte) => sum * 256 + byte, 0)
      const next = fieldEquals(generation, [base, offset + rest, width], value)
      condition = condition === undefined ? next : and(condition, next)
    }
  }
  return condition as Condition
}
