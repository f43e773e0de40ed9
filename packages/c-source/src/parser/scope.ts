import type { CEnum, CRecord, CType, CTypedef } from '../c-type.ts'
import type { Token } from '../lexer/token.ts'
import type { FunctionDeclaration, VariableDeclaration } from '../translation-unit.ts'

/** A variable with the tokens of its initialiser, which are read when they are asked for. */
export interface Variable extends VariableDeclaration {
  readonly initializer?: readonly Token[]
  /** As it is written: an array that its initialiser completes has no length here. */
  readonly declaredType: CType
}

export interface Enumerator {
  readonly type: CEnum
  readonly value: bigint
}

/** The names of a file: C's name spaces of ordinary names and of tags (C11 6.2.3). */
export class Scope {
  readonly typedefs: Map<string, CTypedef>
  /** By `struct x`, `union x`, `enum x`. */
  readonly tags: Map<string, CRecord | CEnum>
  readonly enumerators: Map<string, Enumerator>
  readonly variables: Map<string, Variable>
  readonly functions: Map<string, FunctionDeclaration>

  /** Records that were only declared before: each file that goes on from there may define them. */
  readonly redefinable: Set<CRecord>
  #incomplete: readonly CRecord[] | undefined

  /** @param outer what was declared before, copied */
  constructor(outer?: Scope) {
    this.redefinable = new Set(outer?.incomplete())
    this.typedefs = new Map(outer?.typedefs)
    this.tags = new Map(outer?.tags)
    this.enumerators = new Map(outer?.enumerators)
    this.variables = new Map(outer?.variables)
    this.functions = new Map(outer?.functions)
  }

  /** Records that were not defined when this was first asked for. */
  incomplete(): readonly CRecord[] {
    this.#incomplete ??= [...this.tags.values()].filter(
      (tag) => tag.kind !== 'enum' && tag.members === undefined,
    ) as CRecord[]
    return this.#incomplete
  }
}
