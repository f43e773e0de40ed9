/** Int32 words of a mark. */
const WORDS = { sinceMs: 0, asked: 1, index: 2 } as const
const WORD_COUNT = 3
/** Before the first case: the file is being read. */
const READING = -1

/** Where a worker is: which case, whom it asks, since when. */
export interface Whereabouts {
  /** Undefined while the shard's source is being read. */
  readonly index: number | undefined
  /** 0: its question is being made; n: the n-th who is asked. */
  readonly asked: number
  readonly forMs: number
}

/**
 * Told by a worker in memory that outlives it: who watches it knows at which case it hangs or died, though the worker can
 * say nothing any more.
 */
export class CaseMark {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #startMs: number

  /**
   * @param startMs of the pool, `Date.now()`: times are told from then, so that they fit a word for 24 days
   * @param buffer of the mark that another thread made; a new one without it
   */
  constructor(startMs: number, buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(4 * WORD_COUNT)
    this.#words = new Int32Array(this.buffer)
    this.#startMs = startMs
    if (buffer === undefined) this.reading()
  }

  reading(): void {
    this.at(READING, 0)
  }

  /** The time is written first and read last: who reads in between takes a question for younger than it is, not for older. */
  at(index: number, asked: number): void {
    Atomics.store(this.#words, WORDS.sinceMs, Date.now() - this.#startMs)
    Atomics.store(this.#words, WORDS.asked, asked)
    Atomics.store(this.#words, WORDS.index, index)
  }

  read(): Whereabouts {
    const index = Atomics.load(this.#words, WORDS.index)
    const asked = Atomics.load(this.#words, WORDS.asked)
    const forMs = Date.now() - this.#startMs - Atomics.load(this.#words, WORDS.sinceMs)
    return { index: index === READING ? undefined : index, asked, forMs }
  }
}
