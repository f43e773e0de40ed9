import { OP } from '../opcodes.ts'

/** A value that nothing is known of, not even that it equals itself. */
export const UNKNOWN = 0

/**
 * Numbers for values: what is computed in the same way from the same values has the same number.
 *
 * @see Aho, Sethi and Ullman, Compilers (1986), section 9.8, value numbers
 */
export class ValueNumbers {
  readonly #numbers = new Map<string, number>()
  /** By value, where it is a constant. */
  readonly #constants = new Map<number, number>()

  /** The value of an operation on a constant or a value, and another value. */
  of(code: number, first: number, second: number): number {
    const key = `${code} ${first} ${second}`
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const value = this.#numbers.size + 1
    this.#numbers.set(key, value)
    return value
  }

  constant(k: number): number {
    const value = this.of(OP.LD_IMM, k, 0)
    this.#constants.set(value, k)
    return value
  }

  /** Undefined where the value is not known before the filter runs. */
  constantOf(value: number): number | undefined {
    return this.#constants.get(value)
  }
}
