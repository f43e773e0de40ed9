/** Names that a hint lists at most. */
const MOST_NAMES = 30
/** Of long words only so many letters count: what a user wrote may be of any length. */
const MOST_LETTERS = 40

/** For a hint: the names nearest to a wrong one, "did you mean a, b?", or all names when nothing is near. */
export function nearestNames(wrong: string, names: readonly string[]): string {
  const near = names
    .map((name) => ({ name, steps: distance(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter(({ steps }) => steps <= Math.max(2, wrong.length / 3))
    .sort((one, other) => one.steps - other.steps)
    .map(({ name }) => name)
  if (near.length > 0) return `did you mean ${near.slice(0, 3).join(', ')}?`
  return names.length === 0 ? 'there are none' : `there are: ${names.slice(0, MOST_NAMES).join(', ')}`
}

/** Levenshtein distance. */
function distance(one: string, other: string): number {
  const [a, b] = [one.slice(0, MOST_LETTERS), other.slice(0, MOST_LETTERS)]
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replace = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replace, (previous[column] as number) + 1, (current[column - 1] as number) + 1))
    }
    previous = current
  }
  return previous[b.length] as number
}
