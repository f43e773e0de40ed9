/** Seeded choices for what a real tool is asked about, too. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed, 7919) + 1
    for (let round = 0; round < 5; round++) this.below(2)
  }

  /** From 0 to `count` - 1. */
  below(count: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * count)
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }

  oneIn(count: number): boolean {
    return this.below(count) === 0
  }
}
