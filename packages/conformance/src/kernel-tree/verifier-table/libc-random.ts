/** Words of state that the default generator of glibc keeps, and how far apart those are that are added. */
const STATE_WORDS = 31
const SEPARATION = 3
/** Values that are thrown away after seeding. */
const DISCARDED = 10 * STATE_WORDS

/**
 * `rand()` of the C library as `srand(seed)` leaves it: glibc's additive feedback generator (TYPE_3), each value the sum of
 * those 3 and 31 before, without its lowest bit; the state comes from a Lehmer generator.
 *
 * @see glibc manual, "ISO C Random Number Functions"; random(3)
 */
export class LibcRandom {
  readonly #state: Int32Array = new Int32Array(STATE_WORDS)
  #at = 0

  constructor(seed = 1) {
    let word = seed | 0 || 1
    for (let index = 0; index < STATE_WORDS; index++) {
      this.#state[index] = word
      word = nextLehmer(word)
    }
    for (let count = 0; count < DISCARDED; count++) this.next()
  }

  /** 0 to 2^31 - 1. */
  next(): number {
    const back = this.#at
    const front = (back + SEPARATION) % STATE_WORDS
    const sum = ((this.#state[front] as number) + (this.#state[back] as number)) | 0
    this.#state[front] = sum
    this.#at = (back + 1) % STATE_WORDS
    return sum >>> 1
  }
}

/** 16807 x mod 2^31 - 1, in the sign of the remainder that C gives, then made positive. */
function nextLehmer(word: number): number {
  const next = Number((16807n * BigInt(word)) % 2147483647n)
  return next < 0 ? next + 2147483647 : next
}
