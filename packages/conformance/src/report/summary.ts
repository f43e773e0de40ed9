import type { Answer } from './answer.ts'

/** How an engine did. */
export interface EngineSummary {
  readonly engine: string
  cases: number
  passed: number
  failed: number
  /** Answers that nothing was expected of. */
  unjudged: number
  /** Differ from the judge's answer (`--oracle kernel`), where one was asked. */
  differing: number
}

/** Adds answers up, by engine; keeps none of them. */
export class Summary {
  readonly #engines = new Map<string, EngineSummary>()

  add(answer: Answer, differing: boolean = false): void {
    const { engine } = answer
    const row = this.#engines.get(engine) ?? { engine, cases: 0, passed: 0, failed: 0, unjudged: 0, differing: 0 }
    row.cases++
    if (answer.pass === undefined) row.unjudged++
    else if (answer.pass) row.passed++
    else row.failed++
    if (differing) row.differing++
    this.#engines.set(engine, row)
  }

  get engines(): readonly EngineSummary[] {
    return [...this.#engines.values()]
  }

  get failed(): number {
    return this.engines.reduce((sum, { failed, differing }) => sum + failed + differing, 0)
  }
}
