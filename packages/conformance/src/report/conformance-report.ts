import type { Answer } from './answer.ts'
import type { CaseResult, Outcome, Phase } from './case-result.ts'
import { REASONS } from './reasons.ts'
import { type EngineSummary, Summary } from './summary.ts'
import { type Counts, type Standing, Tally, worse } from './tally.ts'
import { type SlowCase, Timing } from './timing.ts'

/** What a run was: the reports say it at the top. */
export interface RunFacts {
  /** The tree's folder, or the vectors' file, as the user gave it. */
  readonly source: string
  /** Version of the tree: `6.12.95`. */
  readonly release?: string
  readonly engines: readonly string[]
  /** The running kernel's release, where it was asked. */
  readonly oracle?: string
  /** ISO 8601. */
  readonly startedAt?: string
  readonly wallMs?: number
  /** Worker threads or processes. */
  readonly workers?: number
  /** What else must be said: an interruption, a missing compiler. */
  readonly notes?: readonly string[]
}

export type SuiteName = CaseResult['suite']

/** How the cases of a file stand, and the seconds they took, of all threads together. */
export interface FileRow extends Counts {
  readonly suite: SuiteName
  readonly file: string
  readonly seconds: number
  readonly secondsByPhase: Readonly<Partial<Record<Phase, number>>>
}

export interface SuiteRow extends Counts {
  readonly suite: SuiteName
  readonly seconds: number
}

export interface ReasonRow {
  readonly outcome: Outcome
  readonly reason: string
  /** In a sentence; the word itself where there is none. */
  readonly meaning: string
  readonly cases: number
}

/** The running kernel's part: how often it and we say the same. */
export interface Agreement {
  readonly asked: number
  readonly agree: number
  readonly differ: number
  /** Asked, and it could not answer. */
  readonly unanswered: number
  /** Of those that it answered and something is expected of: what it says itself. */
  readonly asExpected: number
  readonly notAsExpected: number
  readonly disagreements: readonly { readonly id: string; readonly differs: readonly string[] }[]
}

/** The JSON form, schema `bpfoundry.conformance/1`. */
export interface ConformanceJson extends Omit<RunFacts, 'wallMs'> {
  readonly $schema: 'bpfoundry.conformance/1'
  readonly totals: Counts & { readonly asked: number }
  readonly suites: readonly SuiteRow[]
  readonly files: readonly FileRow[]
  readonly reasons: readonly ReasonRow[]
  readonly byEngine: readonly EngineSummary[]
  readonly kernel?: Agreement
  readonly failures: readonly FailureJson[]
  readonly problems: readonly string[]
  readonly timing: TimingJson
}

type FailureJson = Pick<CaseResult, 'id' | 'file' | 'line' | 'name' | 'reason' | 'detail' | 'expected'>

interface TimingJson {
  readonly wallSeconds?: number
  /** Of all threads together. */
  readonly seconds: number
  readonly secondsByPhase: Readonly<Partial<Record<Phase, number>>>
  readonly slowest: readonly SlowCase[]
}

/** A line of what every result leaves behind; failures and disagreements are kept whole. */
export type KeptResult = Pick<
  CaseResult,
  'id' | 'suite' | 'file' | 'line' | 'name' | 'privilege' | 'outcome' | 'reason' | 'detail' | 'durationMs'
>

interface FileRecord {
  readonly suite: SuiteName
  readonly file: string
  readonly tally: Tally
  readonly timing: Timing
  readonly results: KeptResult[]
}

/**
 * Adds results up as they come, in any order: what terminal, JSON, JUnit and HTML reports are made of. A case that is asked
 * with several privileges counts once, with the worst that came of it.
 */
export class ConformanceReport {
  readonly #all = new Tally()
  readonly #timing = new Timing()
  readonly #files = new Map<string, FileRecord>()
  readonly #standings = new Map<string, Standing>()
  readonly #engines = new Summary()
  readonly #whole: CaseResult[] = []
  readonly #problems: string[] = []
  #facts: RunFacts
  #asked = 0
  readonly #kernel = { asked: 0, differ: 0, unanswered: 0, asExpected: 0, notAsExpected: 0 }

  constructor(facts: RunFacts) {
    this.#facts = facts
  }

  get facts(): RunFacts {
    return this.#facts
  }

  /** Adds what is only known when the run is over: how long it took, that it was interrupted. */
  finish(facts: Partial<RunFacts>): void {
    this.#facts = { ...this.#facts, ...facts }
  }

  /** Says how many cases a file holds, before results come or when they will not: what is missing counts as not run. */
  hold(suite: SuiteName, file: string, cases: number): void {
    this.#file(suite, file).tally.hold(cases)
    this.#all.hold(cases)
  }

  /** What could not be read of a file, in a line. */
  problem(text: string): void {
    this.#problems.push(text)
  }

  add(result: CaseResult): void {
    const file = this.#file(result.suite, result.file)
    const key = caseKey(result)
    const before = this.#standings.get(key)
    const now = worse(before, result)
    this.#standings.set(key, now)
    for (const tally of [this.#all, file.tally]) tally.move(before, now)
    for (const timing of [this.#timing, file.timing]) timing.add(result)
    file.results.push(kept(result))
    this.#asked++
    for (const answer of result.answers) this.#engines.add(answer, false)
    if (result.kernel !== undefined) this.#askedKernel(result.kernel, result.differsFromKernel ?? [])
    if (result.outcome === 'failed' || (result.differsFromKernel ?? []).length > 0) this.#whole.push(result)
  }

  /** `asked`: the results there are, which is more than the cases where some are asked with several privileges. */
  get totals(): Counts & { readonly asked: number } {
    return { ...this.#all.counts, asked: this.#asked }
  }

  suites(): SuiteRow[] {
    const rows = new Map<SuiteName, SuiteRow>()
    for (const row of this.files()) rows.set(row.suite, sum(rows.get(row.suite), row))
    return [...rows.values()]
  }

  /** By suite and name. */
  files(): FileRow[] {
    return this.#sorted().map(({ suite, file, tally, timing }) => {
      const { seconds, secondsByPhase } = timing
      return { suite, file, ...tally.counts, seconds, secondsByPhase }
    })
  }

  /** Those of failures first, the most frequent first. */
  reasons(): ReasonRow[] {
    return (['failed', 'not-run'] as const).flatMap((outcome) =>
      this.#all.reasons(outcome).map(({ reason, cases }) => ({ outcome, reason, meaning: meaningOf(reason), cases })),
    )
  }

  engines(): readonly EngineSummary[] {
    return this.#engines.engines
  }

  /** Undefined where the running kernel was not asked. */
  agreement(): Agreement | undefined {
    const { asked, differ, unanswered, ...expected } = this.#kernel
    if (asked === 0) return undefined
    const disagreements = this.#inOrder(this.#whole).flatMap(({ id, differsFromKernel = [] }) =>
      differsFromKernel.length === 0 ? [] : [{ id, differs: differsFromKernel }],
    )
    return { asked, agree: asked - differ - unanswered, differ, unanswered, ...expected, disagreements }
  }

  /** Failures, whole, by file and line. */
  failures(): CaseResult[] {
    return this.#inOrder(this.#whole.filter(({ outcome }) => outcome === 'failed'))
  }

  /** What is not as the running kernel has it, and is as expected all the same. */
  onlyDiffering(): CaseResult[] {
    return this.#inOrder(this.#whole.filter(({ outcome }) => outcome !== 'failed'))
  }

  /** Every result, short, by file and line. */
  *results(): Generator<KeptResult> {
    for (const { results } of this.#sorted()) yield* this.#inOrder(results)
  }

  slowest(): readonly SlowCase[] {
    return this.#timing.slowest
  }

  toJson(): ConformanceJson {
    const { wallMs, ...facts } = this.facts
    const kernel = this.agreement()
    const { seconds, secondsByPhase, slowest } = this.#timing
    return {
      $schema: 'bpfoundry.conformance/1',
      ...facts,
      totals: this.totals,
      suites: this.suites(),
      files: this.files(),
      reasons: this.reasons(),
      byEngine: this.engines(),
      ...(kernel === undefined ? {} : { kernel }),
      failures: this.failures().map(failureJson),
      problems: this.#problems,
      timing: { ...(wallMs === undefined ? {} : { wallSeconds: wallMs / 1000 }), seconds, secondsByPhase, slowest },
    }
  }

  #file(suite: SuiteName, file: string): FileRecord {
    const key = `${suite} ${file}`
    const known = this.#files.get(key)
    if (known !== undefined) return known
    const record = { suite, file, tally: new Tally(), timing: new Timing(), results: [] }
    this.#files.set(key, record)
    return record
  }

  #askedKernel(answer: Answer, differs: readonly string[]): void {
    this.#kernel.asked++
    if (answer.error !== undefined) this.#kernel.unanswered++
    else if (differs.length > 0) this.#kernel.differ++
    if (answer.pass === true) this.#kernel.asExpected++
    if (answer.pass === false) this.#kernel.notAsExpected++
  }

  #sorted(): FileRecord[] {
    return [...this.#files.values()].sort((a, b) => compareText(a.suite, b.suite) || compareText(a.file, b.file))
  }

  #inOrder<Result extends KeptResult>(results: readonly Result[]): Result[] {
    return [...results].sort(
      (a, b) =>
        compareText(a.suite, b.suite) || compareText(a.file, b.file) || a.line - b.line || compareText(a.id, b.id),
    )
  }
}

const UNPRIVILEGED = /@unpriv$/

/** What a result is one of: ids of vectors are the user's, and may repeat. */
function caseKey({ suite, file, line, id }: CaseResult): string {
  return suite === 'vectors' ? `${file}:${line} ${id}` : `${suite} ${id.replace(UNPRIVILEGED, '')}`
}

function kept(result: CaseResult): KeptResult {
  const { id, suite, file, line, name, privilege, outcome, reason, detail, durationMs } = result
  const why = { ...(reason === undefined ? {} : { reason }), ...(detail === undefined ? {} : { detail }) }
  return { id, suite, file, line, name, privilege, outcome, durationMs, ...(outcome === 'passed' ? {} : why) }
}

function failureJson({ id, file, line, name, reason, detail, expected }: CaseResult): FailureJson {
  const why = { ...(reason === undefined ? {} : { reason }), ...(detail === undefined ? {} : { detail }) }
  return { id, file, line, name, ...why, expected }
}

/** The sentence of a reason. */
export function meaningOf(reason: string): string {
  return (REASONS as Readonly<Record<string, string>>)[reason] ?? reason
}

function sum(before: SuiteRow | undefined, { suite, ...row }: FileRow): SuiteRow {
  const { held, ran, passed, failed, notRun, seconds } = row
  return {
    suite,
    held: (before?.held ?? 0) + held,
    ran: (before?.ran ?? 0) + ran,
    passed: (before?.passed ?? 0) + passed,
    failed: (before?.failed ?? 0) + failed,
    notRun: (before?.notRun ?? 0) + notRun,
    seconds: (before?.seconds ?? 0) + seconds,
  }
}

/** The same order everywhere, whatever the locale. */
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
