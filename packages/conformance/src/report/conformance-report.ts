import type { Answer } from './answer.ts'
import type { CaseResult } from './case-result.ts'
import { compareText } from './compare-text.ts'
import { FileRecord } from './file-record.ts'
import { meaningOf } from './reasons.ts'
import type {
  Agreement,
  FileRow,
  KeptResult,
  ReasonRow,
  RunFacts,
  SuiteName,
  SuiteRow,
  UnsupportedRow,
} from './report-rows.ts'
import { type EngineSummary, Summary } from './summary.ts'
import { type Counts, type Standing, Tally, worse } from './tally.ts'
import { Timing } from './timing.ts'

/**
 * Adds results up as they come, in any order: what terminal, JSON, JUnit and HTML reports are made of. A case that is asked
 * with several privileges counts once, with the worst that came of it. Of results that went well only a line is kept.
 */
export class ConformanceReport {
  readonly timing: Timing = new Timing()
  readonly #all = new Tally()
  readonly #files = new Map<string, FileRecord>()
  readonly #standings = new Map<string, Standing>()
  readonly #engines = new Summary()
  readonly #problems: string[] = []
  readonly #kernel = { asked: 0, differ: 0, unanswered: 0, asExpected: 0, inOtherWords: 0, notAsExpected: 0 }
  #asked = 0
  #facts: RunFacts

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
    this.timing.add(result)
    file.add(result)
    this.#asked++
    for (const answer of result.answers) this.#engines.add(answer, false)
    if (result.kernel !== undefined) this.#addKernel(result.kernel, result.differsFromKernel ?? [])
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
    return this.#records().map(({ row }) => row)
  }

  /** Of failures first; the most frequent first. */
  reasons(): ReasonRow[] {
    return (['failed', 'not-run'] as const).flatMap((outcome) =>
      this.#all.reasons(outcome).map(({ reason, cases }) => ({ outcome, reason, meaning: meaningOf(reason), cases })),
    )
  }

  /** What failures of reason `unsupported` lack; most questions first. */
  unsupported(): UnsupportedRow[] {
    const questions = new Map<string, number>()
    for (const result of this.results()) {
      for (const what of lackedBy(result)) questions.set(what, (questions.get(what) ?? 0) + 1)
    }
    return [...questions]
      .sort(([a, x], [b, y]) => y - x || compareText(a, b))
      .map(([what, count]) => ({ what, questions: count }))
  }

  engines(): readonly EngineSummary[] {
    return this.#engines.engines
  }

  problems(): readonly string[] {
    return this.#problems
  }

  /** Undefined where the running kernel was not asked. */
  agreement(): Agreement | undefined {
    const { asked, differ, unanswered, ...expected } = this.#kernel
    if (asked === 0) return undefined
    const disagreements = [...this.results()].flatMap(({ id, differsFromKernel = [] }) =>
      differsFromKernel.length === 0 ? [] : [{ id, differs: differsFromKernel }],
    )
    return { asked, agree: asked - differ - unanswered, differ, unanswered, ...expected, disagreements }
  }

  failures(): KeptResult[] {
    return [...this.results()].filter(({ outcome }) => outcome === 'failed')
  }

  /** Every result, by suite, file and line. */
  *results(): Generator<KeptResult> {
    for (const { results } of this.#records()) yield* results
  }

  /** The same, file by file. */
  *resultsByFile(): Generator<{ readonly suite: SuiteName; readonly file: string; readonly results: KeptResult[] }> {
    for (const { suite, file, results } of this.#records()) yield { suite, file, results }
  }

  #file(suite: SuiteName, file: string): FileRecord {
    const key = `${suite} ${file}`
    const record = this.#files.get(key) ?? new FileRecord(suite, file)
    this.#files.set(key, record)
    return record
  }

  #records(): FileRecord[] {
    return [...this.#files.values()].sort((a, b) => compareText(a.suite, b.suite) || compareText(a.file, b.file))
  }

  #addKernel(answer: Answer, differs: readonly string[]): void {
    this.#kernel.asked++
    if (answer.error !== undefined) this.#kernel.unanswered++
    else if (differs.length > 0) this.#kernel.differ++
    if (answer.pass !== undefined && answer.error === undefined) this.#kernel[asTheVectorHasIt(answer)]++
  }
}

function lackedBy({ answers = [] }: KeptResult): ReadonlySet<string> {
  return new Set(answers.flatMap(({ reasons = [] }) => reasons.flatMap(({ lacks = [] }) => lacks)))
}

function asTheVectorHasIt({ pass, reasons = [] }: Answer): 'asExpected' | 'inOtherWords' | 'notAsExpected' {
  if (pass === true) return 'asExpected'
  return reasons.length > 0 && reasons.every(({ kind }) => kind === 'log') ? 'inOtherWords' : 'notAsExpected'
}

/** The id's end of a case that is loaded without privileges. */
export const UNPRIVILEGED_ID: RegExp = /@unpriv$/

/** What a result is one of: ids of vectors are the user's, and may repeat. */
function caseKey({ suite, file, line, id }: CaseResult): string {
  return suite === 'vectors' ? `${file}:${line} ${id}` : `${suite} ${id.replace(UNPRIVILEGED_ID, '')}`
}

const COUNTED = ['held', 'ran', 'passed', 'failed', 'notRun', 'seconds'] as const

function sum(before: SuiteRow | undefined, row: FileRow): SuiteRow {
  // Microseconds are all there is; more digits are how the sum is made.
  const rounded = (value: number): number => Math.round(value * 1e6) / 1e6
  const counted = COUNTED.map((name) => [name, rounded((before?.[name] ?? 0) + row[name])] as const)
  return { suite: row.suite, ...(Object.fromEntries(counted) as Omit<SuiteRow, 'suite'>) }
}
