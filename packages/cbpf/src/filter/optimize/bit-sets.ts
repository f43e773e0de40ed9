/** Sets of the same small numbers, one a row. */
export class BitSets {
  readonly #words: Uint32Array
  readonly #wordsPerSet: number

  /** @param members numbers that can be in a set: 0 to `members - 1` */
  constructor(sets: number, members: number) {
    this.#wordsPerSet = (members >>> 5) + 1
    this.#words = new Uint32Array(sets * this.#wordsPerSet)
  }

  /** Puts everything into every set. */
  fill(): void {
    this.#words.fill(0xffffffff)
  }

  clear(set: number): void {
    const start = set * this.#wordsPerSet
    this.#words.fill(0, start, start + this.#wordsPerSet)
  }

  add(set: number, member: number): void {
    this.#words[set * this.#wordsPerSet + (member >>> 5)]! |= 1 << (member & 31)
  }

  has(set: number, member: number): boolean {
    return ((this.#words[set * this.#wordsPerSet + (member >>> 5)] as number) & (1 << (member & 31))) !== 0
  }

  /** Takes from `set` what is not in `other`. */
  intersect(set: number, other: number): void {
    const words = this.#words
    const count = this.#wordsPerSet
    for (let index = 0, at = set * count, from = other * count; index < count; index++) {
      words[at + index]! &= words[from + index] as number
    }
  }

  /** The members below `limit`, in order, as they are when asked for. */
  *members(set: number, limit: number): Generator<number> {
    const start = set * this.#wordsPerSet
    for (let index = 0; index < this.#wordsPerSet; index++) {
      let word = this.#words[start + index] as number
      while (word !== 0) {
        const bit = 31 - Math.clz32(word & -word)
        word &= word - 1
        if (32 * index + bit < limit) yield 32 * index + bit
      }
    }
  }
}
