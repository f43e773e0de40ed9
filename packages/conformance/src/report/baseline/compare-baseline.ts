import { REASONS_OF_THE_MACHINE } from '../reasons.ts'
import type { KeptResult } from '../report-rows.ts'
import type { Baseline } from './baseline.ts'
import { fileOfGroup, splitId } from './id-set.ts'

/** What a run has that the baseline has not, and the other way round; ids, sorted. */
export interface BaselineComparison {
  /** Passed before, and fails: the one thing that must not be. */
  readonly lost: readonly string[]
  /** Passed before, and is not among the results of a file that was read: a reader drops it, or the tree is another. */
  readonly missing: readonly string[]
  /** Passed before, and this machine has not what it needs: a compiler, a module, a BTF. */
  readonly unasked: readonly string[]
  /** Passes, and did not. */
  readonly gained: readonly string[]
  /** Cases of files that the baseline has nothing of. */
  readonly unknown: number
  /** Engines that the baseline was not made with. */
  readonly otherEngines: readonly string[]
  /** Nothing is lost or missing. */
  readonly holds: boolean
}

/** Holds results against the baseline; files that they have nothing of are left alone. */
export function compareBaseline(
  baseline: Baseline,
  results: Iterable<KeptResult>,
  engines: readonly string[],
): BaselineComparison {
  const found = new Map<string, Map<string, KeptResult>>()
  for (const result of results) {
    const { group, member } = splitId(result.id)
    const members = found.get(group) ?? new Map<string, KeptResult>()
    found.set(group, members.set(member, result))
  }
  const files = new Set([...found.keys()].map(fileOfGroup))
  const before = { lost: [] as string[], missing: [] as string[], unasked: [] as string[] }
  for (const { group, member } of baseline.ids()) {
    if (!files.has(fileOfGroup(group))) continue
    const result = found.get(group)?.get(member)
    const fate = fateOf(result)
    if (fate !== undefined) before[fate].push(result?.id ?? `${group} ${member}`)
  }
  const all = [...found.values()].flatMap((members) => [...members.values()])
  const gained = all.filter(({ id, outcome }) => outcome === 'passed' && !baseline.has(id)).map(({ id }) => id)
  const unknown = [...found].filter(([group]) => !baseline.groups().has(group)).flatMap(([, members]) => [...members])
  return {
    lost: before.lost.sort(),
    missing: before.missing.sort(),
    unasked: before.unasked.sort(),
    gained: gained.sort(),
    unknown: unknown.length,
    otherEngines: engines.filter((name) => !baseline.engines.includes(name)),
    holds: before.lost.length + before.missing.length === 0,
  }
}

/** What became of a case that passed once. */
function fateOf(result: KeptResult | undefined): 'lost' | 'missing' | 'unasked' | undefined {
  if (result === undefined) return 'missing'
  if (result.outcome === 'passed') return undefined
  return result.outcome === 'not-run' && REASONS_OF_THE_MACHINE.has(result.reason ?? '') ? 'unasked' : 'lost'
}
