import type { CaseResult, Outcome } from './case-result.ts'

/** How the cases of a file, a suite or a whole run stand: `held = ran + notRun`, `ran = passed + failed`. */
export interface Counts {
  readonly held: number
  readonly ran: number
  readonly passed: number
  readonly failed: number
  readonly notRun: number
}

/** What is known of a case so far. */
export interface Standing {
  readonly outcome: Outcome
  readonly reason: string | undefined
}

/** The worst first; a case that is not run for one privilege and is for another was run. */
const WEIGHT: Readonly<Record<Outcome, number>> = { failed: 2, passed: 1, 'not-run': 0 }

/** What a case comes to when it is asked once more, with other privileges. */
export function worse(before: Standing | undefined, { outcome, reason }: CaseResult): Standing {
  if (before !== undefined && WEIGHT[before.outcome] >= WEIGHT[outcome]) return before
  return { outcome, reason: outcome === 'passed' ? undefined : (reason ?? 'no-answer') }
}

/** Counts cases by what became of them, and why. */
export class Tally {
  readonly #outcomes: Record<Outcome, number> = { passed: 0, failed: 0, 'not-run': 0 }
  readonly #reasons = new Map<string, { readonly outcome: Outcome; readonly reason: string; cases: number }>()
  /** That the file holds; as many as were told of, if nobody says. */
  #held = 0

  /** Takes a case that stood as `from`, if it was known, to `to`. */
  move(from: Standing | undefined, to: Standing): void {
    if (from !== undefined) this.#add(from, -1)
    this.#add(to, 1)
  }

  hold(cases: number): void {
    this.#held += cases
  }

  get counts(): Counts {
    const { passed, failed, 'not-run': notRun } = this.#outcomes
    const ran = passed + failed
    const unheard = Math.max(0, this.#held - ran - notRun)
    return { held: ran + notRun + unheard, ran, passed, failed, notRun: notRun + unheard }
  }

  /** Most cases first. */
  reasons(outcome: Outcome): { readonly reason: string; readonly cases: number }[] {
    return [...this.#reasons.values()]
      .filter((row) => row.outcome === outcome && row.cases > 0)
      .sort((a, b) => b.cases - a.cases || (a.reason < b.reason ? -1 : 1))
      .map(({ reason, cases }) => ({ reason, cases }))
  }

  #add({ outcome, reason }: Standing, by: number): void {
    this.#outcomes[outcome] += by
    if (reason === undefined) return
    const key = `${outcome} ${reason}`
    const row = this.#reasons.get(key) ?? { outcome, reason, cases: 0 }
    row.cases += by
    this.#reasons.set(key, row)
  }
}
