import type { RandomU32 } from '@bpfoundry/codegen'

/** Numbers drawn from the system at a time. */
const DRAWN = 256

/** Keys that nobody can foresee: of the system's cryptographic generator, in Node as in a browser. */
export function unpredictableKeys(): RandomU32 {
  const drawn = new Uint32Array(DRAWN)
  let used = DRAWN
  return () => {
    if (used === DRAWN) {
      globalThis.crypto.getRandomValues(drawn)
      used = 0
    }
    return drawn[used++] as number
  }
}

/**
 * Keys that repeat with their seed, for tests: splitmix32.
 *
 * @see Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (2014)
 */
export function seededKeys(seed: number): RandomU32 {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
}
