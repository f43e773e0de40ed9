import type { CSourceError } from '../c-source-error.ts'
import type { CType } from '../c-type.ts'
import type { Token } from '../lexer/token.ts'
import type { Attribute } from '../translation-unit.ts'
import type { Scope } from './scope.ts'
import type { Designator, ListNode, Node } from './syntax-tree.ts'
import type { TokenCursor } from './token-cursor.ts'

export type Storage = 'extern' | 'static' | 'none' | 'typedef'

/** Declaration specifiers (C11 6.7). */
export interface Specifiers {
  readonly type: CType
  readonly storage: Storage
  readonly attributes: readonly Attribute[]
  /** btf_type_tag attributes, which belong to the pointer that follows. */
  readonly typeTags: readonly string[]
}

/** A declarator (C11 6.7.6) with the type that it gives. */
export interface Declarator {
  /** Undefined where there is none, as in a type name. */
  readonly name: Token | undefined
  readonly type: CType
  readonly attributes: readonly Attribute[]
}

/** What an expression comes to, as far as declarations need it. */
export interface ConstantEvaluator {
  /** @throws CSourceError C_VALUE, C_NAME */
  integer(node: Node): bigint
  /** @throws CSourceError C_NAME */
  typeOf(node: Node): CType
  /** How many elements the initialiser of an array gives it; undefined where it can't be read. */
  arrayLength(variable: string): number | undefined
}

/** The parts of the parser, which call each other. */
export interface Reader {
  readonly cursor: TokenCursor
  readonly scope: Scope
  readonly evaluator: ConstantEvaluator
  report(error: CSourceError): void
  /** Counts nesting. @throws CSourceError C_LIMIT */
  nested<Result>(read: () => Result): Result
  /** Whether a type begins at the next token, or at the one `ahead`. */
  startsType(ahead?: number): boolean
  specifiers(): Specifiers
  declarator(specifiers: Pick<Specifiers, 'type' | 'typeTags'>): Declarator
  typeName(): CType
  attributes(): Attribute[]
  /** An assignment-expression: no comma. */
  expression(): Node
  list(): ListNode
  designators(): Designator[]
}
