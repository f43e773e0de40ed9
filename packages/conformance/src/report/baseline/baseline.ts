import type { KeptResult } from '../report-rows.ts'
import { BASELINE_SCHEMA, readBaselineDocument } from './baseline-document.ts'
import { fileOfGroup, formatMembers, type IdParts, readMembers, splitId } from './id-set.ts'

/** What a baseline is of. */
export interface BaselineFacts {
  readonly release: string
  readonly engines: readonly string[]
}

/**
 * Which cases of a kernel's tree pass, by id: what no later version may lose. Written as JSON, sorted, a line a file of the
 * tree, so that a diff shows what was gained.
 */
export class Baseline {
  /** Version of the tree: `6.12`. */
  readonly release: string
  /** Those that all of the cases pass on. */
  readonly engines: readonly string[]
  readonly #groups: Map<string, Set<string>>

  private constructor(release: string, engines: readonly string[], groups: Map<string, Set<string>>) {
    this.release = release
    this.engines = [...engines].sort()
    this.#groups = groups
  }

  /** Of what passed. Files that are not among the results stand as they do in `before`. */
  static of(results: Iterable<KeptResult>, facts: BaselineFacts, before?: Baseline): Baseline {
    const groups = new Map<string, Set<string>>()
    for (const { id, outcome } of results) {
      const { group, member } = splitId(id)
      const members = groups.get(group) ?? new Set()
      groups.set(group, members)
      if (outcome === 'passed') members.add(member)
    }
    const files = new Set([...groups.keys()].map(fileOfGroup))
    for (const [group, members] of before?.groups() ?? []) {
      if (!files.has(fileOfGroup(group))) groups.set(group, new Set(members))
    }
    return new Baseline(facts.release, facts.engines, groups)
  }

  /** What {@link toText} wrote. @throws ConformanceError CONFORMANCE_BASELINE */
  static read(file: string, text: string): Baseline {
    const { release, engines, passing } = readBaselineDocument(file, text)
    const groups = Object.entries(passing).map(([group, line]) => [group, new Set(readMembers(line))] as const)
    return new Baseline(release, engines, new Map(groups))
  }

  has(id: string): boolean {
    const { group, member } = splitId(id)
    return this.#groups.get(group)?.has(member) === true
  }

  /** All ids, in parts. */
  *ids(): Generator<IdParts> {
    for (const [group, members] of this.groups()) for (const member of members) yield { group, member }
  }

  groups(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#groups
  }

  get size(): number {
    return [...this.#groups.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** The file's text. */
  toText(): string {
    const groups = [...this.#groups].filter(([, { size }]) => size > 0).sort(([a], [b]) => (a < b ? -1 : 1))
    const lines = groups.map(
      ([group, members]) => `    ${JSON.stringify(group)}: ${JSON.stringify(formatMembers(members))}`,
    )
    return `{
  "$schema": ${JSON.stringify(BASELINE_SCHEMA)},
  "release": ${JSON.stringify(this.release)},
  "engines": ${JSON.stringify(this.engines)},
  "passing": {
${lines.join(',\n')}
  }
}
`
  }
}
