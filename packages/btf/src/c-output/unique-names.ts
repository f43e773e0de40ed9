import { BTF_KIND } from '../btf-kind.ts'
import type { BtfEnum, BtfType } from '../btf-type.ts'

/** Longest name that is made, in characters. */
const MAX_NAME = 255

/**
 * Names as C has them: no two alike in one name space. Kernels have many types by one name, in different files; the second that
 * is written becomes `name___2`, and so on.
 */
export class UniqueNames {
  /** Behind `struct`, `union` and `enum`. */
  readonly #tags = new Map<string, number>()
  /** Typedefs and enumerators. */
  readonly #identifiers = new Map<string, number>()
  readonly #known = new Map<number, string>()

  /** The name behind `struct`, `union` or `enum`; empty for a type without. */
  tag(type: BtfType): string {
    return this.#name(type, this.#tags)
  }

  /** The name of a typedef. */
  identifier(type: BtfType): string {
    return this.#name(type, this.#identifiers)
  }

  /** Each time that an enumerator is written it is another. */
  enumerator(name: string): string {
    const count = countOf(this.#identifiers, name)
    return count === 1 ? name : `${name}___${count}`
  }

  #name(type: BtfType, space: Map<string, number>): string {
    if (type.nameOffset === 0) return ''
    const known = this.#known.get(type.id)
    if (known !== undefined) return known
    const count = isDeclaration(type) ? 1 : countOf(space, type.name)
    const name = count === 1 ? type.name : `${type.name}___${count}`.slice(0, MAX_NAME)
    this.#known.set(type.id, name)
    return name
  }
}

function countOf(space: Map<string, number>, name: string): number {
  const count = (space.get(name) ?? 0) + 1
  space.set(name, count)
  return count
}

/** Declared only: it may be said again. */
function isDeclaration(type: BtfType): boolean {
  return type.kind === BTF_KIND.FWD || (type.kind === BTF_KIND.ENUM && (type as BtfEnum).values.length === 0)
}
