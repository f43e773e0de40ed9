import { BtfError } from '../btf-error.ts'

/** Deepest nesting of definitions and declarators; Linux's own types need less than a hundred. */
const MAX_DEPTH = 1000

/** Steps for every type there is; Linux's own types need twenty. */
const STEPS_PER_TYPE = 1000

/**
 * What making C of types may cost. Each type that has no name is written wherever it is used, so a few hundred of them within
 * each other could ask for more text than fits any memory: types from strangers must not.
 */
export class COutputLimit {
  #depth = 0
  #steps: number

  /** @param typeCount types that there are */
  constructor(typeCount: number) {
    this.#steps = 100_000 + STEPS_PER_TYPE * typeCount
  }

  /** One level deeper, until {@link leave}; no closure, as there are millions. @throws {BtfError} BTF_C_OUTPUT */
  enter(id: number): void {
    if (++this.#depth > MAX_DEPTH) throw noText(id, `types within types: over ${MAX_DEPTH} of them`)
    this.spend(id, 1)
  }

  /** The level above. */
  leave(): void {
    this.#depth--
  }

  /** Counts pieces of text or types visited. @throws {BtfError} BTF_C_OUTPUT */
  spend(id: number, steps: number): void {
    this.#steps -= steps
    if (this.#steps < 0) throw noText(id, 'more text than types of this number have')
  }
}

/** No C can be made of a type. */
export function noText(id: number, got: string): BtfError {
  const hint = 'types that a compiler made have a text in C; "format raw" prints any'
  return new BtfError({ code: 'BTF_C_OUTPUT', message: `type [${id}] can't be written as C`, got, hint })
}
