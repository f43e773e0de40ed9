/** Numbers that look random and are the same for the same seed, everywhere. @see https://github.com/skeeto/hash-prospector */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 32 bits. */
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let x = this.#state ^ (this.#state >>> 16)
    x = Math.imul(x, 0x21f0aaad)
    x ^= x >>> 15
    x = Math.imul(x, 0x735a2d97)
    return (x ^ (x >>> 15)) >>> 0
  }

  /** Exponentially distributed with mean 1: gaps of a Poisson process. */
  exponential(): number {
    return -Math.log((this.word() + 1) / 0x1_0000_0001)
  }
}

/** A seed of its own for each name. */
export function namedSeed(seed: number, name: string): number {
  let state = seed >>> 0
  for (const character of name) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return new Random(state).word()
}
