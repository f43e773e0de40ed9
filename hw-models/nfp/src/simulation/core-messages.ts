/** Kinds of messages that cores send to what they share. */
export const MESSAGE = { sharedWait: 0, sharedPost: 1, done: 2 } as const

/** Longest step of a path: messages are at most this far in the future. */
export const MOST_STEP_CYCLES: number = 1 << 16
const SLOTS = MOST_STEP_CYCLES * 2
const NONE = -1

/**
 * What cores send, in the order of its cycle: a calendar with a slot a cycle. Messages of one cycle keep the order in
 * which they were put in; whoever puts them in does so core by core, so the order depends on nothing else.
 */
export class MessageCalendar {
  readonly #heads = new Int32Array(SLOTS).fill(NONE)
  readonly #tails = new Int32Array(SLOTS).fill(NONE)
  #next = new Int32Array(1024)
  #threads = new Int32Array(1024)
  #kinds = new Uint8Array(1024)
  #steps = new Int32Array(1024)
  #free: number[] = []
  #used = 0

  /** @param step index into the step table: what the message asks */
  put(cycle: number, thread: number, kind: number, step: number): void {
    const at = this.#take()
    this.#threads[at] = thread
    this.#kinds[at] = kind
    this.#steps[at] = step
    this.#next[at] = NONE
    const slot = cycle & (SLOTS - 1)
    const tail = this.#tails[slot] as number
    if (tail === NONE) this.#heads[slot] = at
    else this.#next[tail] = at
    this.#tails[slot] = at
  }

  /** Hands out the messages of one cycle in order and forgets them. */
  drain(cycle: number, handle: (cycle: number, thread: number, kind: number, step: number) => void): void {
    const slot = cycle & (SLOTS - 1)
    let at = this.#heads[slot] as number
    if (at === NONE) return
    this.#heads[slot] = NONE
    this.#tails[slot] = NONE
    while (at !== NONE) {
      const next = this.#next[at] as number
      handle(cycle, this.#threads[at] as number, this.#kinds[at] as number, this.#steps[at] as number)
      this.#free.push(at)
      at = next
    }
  }

  #take(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#used === this.#next.length) this.#grow()
    return this.#used++
  }

  #grow(): void {
    const most = this.#next.length * 2
    const grown = <Numbers extends Int32Array | Uint8Array>(from: Numbers, to: Numbers): Numbers => {
      to.set(from)
      return to
    }
    this.#next = grown(this.#next, new Int32Array(most))
    this.#threads = grown(this.#threads, new Int32Array(most))
    this.#kinds = grown(this.#kinds, new Uint8Array(most))
    this.#steps = grown(this.#steps, new Int32Array(most))
  }
}
