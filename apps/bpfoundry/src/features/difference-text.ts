import type { FeatureChange, FeatureDifference, FeatureReport } from '@bpfoundry/kernel'

/** A line a change: `+` for what the second kernel has more, `-` for what it has less. */
export function differenceText(difference: FeatureDifference, from: FeatureReport, to: FeatureReport): string {
  const lines = [...linesOf('+', difference.more, from), ...linesOf('-', difference.less, to)]
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** @param other the kernel that has not got it: a program type that is new there has nothing but new helpers */
function linesOf(sign: '+' | '-', change: FeatureChange, other: FeatureReport): readonly string[] {
  const isNew = new Set(change.programTypes)
  const counts = new Map(change.helpers.map(({ programType, names }) => [programType, names.length]))
  const added = change.helpers.filter(({ programType }) => !isNew.has(programType))
  const texts = new Map(other.misc.map(({ name, text }) => [name, text]))
  const callable = (type: string): string => (counts.has(type) ? ` with ${counts.get(type)} helpers` : '')
  return [
    ...change.programTypes.map((type) => `program type ${type}${callable(type)}`),
    ...change.mapTypes.map((type) => `map type ${type}`),
    ...change.misc.map((name) => texts.get(name) ?? name),
    ...change.options,
    ...helperLines(added),
  ].map((line) => `${sign} ${line}`)
}

/** Helpers that the same program types got stand in one line. */
function helperLines(helpers: FeatureChange['helpers']): readonly string[] {
  const typesOf = new Map<string, string[]>()
  for (const { programType, names } of helpers) {
    for (const name of names) typesOf.set(name, [...(typesOf.get(name) ?? []), programType])
  }
  const together = new Map<string, string[]>()
  for (const [name, types] of typesOf) {
    const key = types.join(' ')
    together.set(key, [...(together.get(key) ?? []), name])
  }
  return [...together].map(([types, names]) => `helpers ${names.join(' ')} in ${types}`)
}
