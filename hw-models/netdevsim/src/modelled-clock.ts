interface Appointment {
  readonly timeMs: number
  readonly action: () => void
}

/** The clock of a simulated machine: it moves when something sleeps, and what falls due meanwhile happens meanwhile. */
export class ModelledClock {
  #nowMs = 0
  readonly #appointments: Appointment[] = []

  get nowMs(): number {
    return this.#nowMs
  }

  /** Has something happen at a time, as another process would do it; at once when that is past. */
  at(timeMs: number, action: () => void): void {
    this.#appointments.push({ timeMs: Math.max(timeMs, this.#nowMs), action })
    this.#appointments.sort((a, b) => a.timeMs - b.timeMs)
  }

  /** msleep(): the caller stands still. */
  sleep(durationMs: number): void {
    const untilMs = this.#nowMs + durationMs
    for (let next = this.#due(untilMs); next !== undefined; next = this.#due(untilMs)) {
      this.#nowMs = next.timeMs
      next.action()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #due(untilMs: number): Appointment | undefined {
    const [next] = this.#appointments
    return next !== undefined && next.timeMs <= untilMs ? this.#appointments.shift() : undefined
  }
}
