import { type CaseResult, PHASES, type Phase } from './case-result.ts'
import { compareText } from './compare-text.ts'

/** A case that took long. */
export interface SlowCase {
  readonly id: string
  readonly seconds: number
}

/** So many are told. */
const SLOWEST = 20

/** Where the time goes: by phase, and the cases that took the most of it. */
export class Timing {
  /** Whole microseconds: their sum is the same in whatever order they come. */
  #us = 0
  readonly #phases = new Map<Phase, number>()
  #slowest: SlowCase[] = []

  add({ id, durationMs, phasesMs = {} }: Pick<CaseResult, 'id' | 'durationMs' | 'phasesMs'>): void {
    this.#us += Math.round(durationMs * 1000)
    for (const phase of PHASES) {
      const ms = phasesMs[phase]
      if (ms !== undefined) this.#phases.set(phase, (this.#phases.get(phase) ?? 0) + Math.round(ms * 1000))
    }
    this.#rank({ id, seconds: Math.round(durationMs * 1000) / 1e6 })
  }

  #rank(one: SlowCase): void {
    const last = this.#slowest.at(-1)
    if (this.#slowest.length === SLOWEST && last !== undefined && slowerFirst(last, one) < 0) return
    this.#slowest = [...this.#slowest, one].sort(slowerFirst).slice(0, SLOWEST)
  }

  get seconds(): number {
    return this.#us / 1e6
  }

  get secondsByPhase(): Partial<Record<Phase, number>> {
    return Object.fromEntries([...this.#phases].map(([phase, us]) => [phase, us / 1e6]))
  }

  get slowest(): readonly SlowCase[] {
    return this.#slowest
  }
}

const slowerFirst = (a: SlowCase, b: SlowCase): number => b.seconds - a.seconds || compareText(a.id, b.id)
