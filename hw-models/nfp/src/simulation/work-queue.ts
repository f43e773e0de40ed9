/** Contexts that wait for a packet: who has waited longest is served first, as the clusters' queues do. */
export class WorkQueue {
  readonly #threads: Int32Array
  readonly #since: Float64Array
  #first = 0
  #waiting = 0

  constructor(threads: number) {
    this.#threads = new Int32Array(threads)
    this.#since = new Float64Array(threads)
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Since when the first one waits. */
  get firstSince(): number {
    return this.#since[this.#first] as number
  }

  push(thread: number, cycle: number): void {
    const at = (this.#first + this.#waiting++) % this.#threads.length
    this.#threads[at] = thread
    this.#since[at] = cycle
  }

  shift(): number {
    const thread = this.#threads[this.#first] as number
    this.#first = this.#first + 1 === this.#threads.length ? 0 : this.#first + 1
    this.#waiting--
    return thread
  }
}
