/** The names nearest to a wrong one, for a hint: "did you mean eth0?", or all names when nothing is near. */
export function nearestNames(wrong: string, names: readonly string[]): string {
  const distances = names.map((name) => ({ name, steps: distance(wrong.toLowerCase(), name.toLowerCase()) }))
  const near = distances
    .filter(({ steps }) => steps <= Math.max(2, wrong.length / 3))
    .sort((one, other) => one.steps - other.steps)
  if (near.length > 0)
    return `did you mean ${near
      .slice(0, 3)
      .map(({ name }) => name)
      .join(', ')}?`
  return names.length === 0 ? 'there are none' : `there are: ${names.slice(0, 30).join(', ')}`
}

/** Levenshtein distance; of long words only their first 40 letters count. */
function distance(one: string, other: string): number {
  const [a, b] = [one.slice(0, 40), other.slice(0, 40)]
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
