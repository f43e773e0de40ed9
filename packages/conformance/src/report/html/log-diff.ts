import { diffArrays } from 'diff'

/** Kinds of runs of lines. */
export const SAME = 0
export const ONLY_OURS = 1
export const ONLY_THEIRS = 2

/** More edits are not looked for: then the logs have little in common, and are shown as they are. */
const MOST_EDITS = 400

/**
 * How one log becomes the other, by lines: kind and number of lines, in turn.
 *
 * @returns `[SAME, 3, ONLY_OURS, 1, ONLY_THEIRS, 2]`
 */
export function logDiff(ours: readonly string[], theirs: readonly string[]): number[] {
  const changes = diffArrays([...ours], [...theirs], { maxEditLength: MOST_EDITS })
  if (changes === undefined) return [ONLY_OURS, ours.length, ONLY_THEIRS, theirs.length]
  return changes.flatMap(({ added, removed, count }) => [added ? ONLY_THEIRS : removed ? ONLY_OURS : SAME, count])
}
