import { type CaseResult, PHASES, type Phase } from './case-result.ts'

/** A case that took long. */
export interface SlowCase {
  readonly id: string
  readonly seconds: number
}

/** So many are told. */
const SLOWEST = 20

/** Where the time goes: by phase, and the cases that took the most of it. */
export class Timing {
  #ms = 0
  readonly #phases = new Map<Phase, number>()
  #slowest: SlowCase[] = []

  add({ id, durationMs, phasesMs = {} }: Pick<CaseResult, 'id' | 'durationMs' | 'phasesMs'>): void {
    this.#ms += durationMs
    for (const phase of PHASES) {
      const ms = phasesMs[phase]
      if (ms !== undefined) this.#phases.set(phase, (this.#phases.get(phase) ?? 0) + ms)
    }
    const seconds = durationMs / 1000
    if (this.#slowest.length === SLOWEST && seconds <= (this.#slowest.at(-1)?.seconds ?? 0)) return
    this.#slowest = [...this.#slowest, { id, seconds }].sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST)
  }

  get seconds(): number {
    return this.#ms / 1000
  }

  get secondsByPhase(): Partial<Record<Phase, number>> {
    return Object.fromEntries([...this.#phases].map(([phase, ms]) => [phase, ms / 1000]))
  }

  get slowest(): readonly SlowCase[] {
    return this.#slowest
  }
}
