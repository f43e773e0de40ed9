import { and, type Condition, or } from '../condition.ts'
import type { Direction } from '../qualifiers.ts'

/** Tests the ends that a direction means: either one where none is told. */
export function forEnds<End>(
  direction: Direction,
  [source, destination]: readonly [source: End, destination: End],
  test: (end: End) => Condition,
): Condition {
  if (direction === 'src') return test(source)
  if (direction === 'dst') return test(destination)
  return direction === 'and' ? and(test(source), test(destination)) : or(test(source), test(destination))
}
