import { type CSourceError, errorAt } from '../c-source-error.ts'
import type { CType } from '../c-type.ts'
import type { Attribute } from '../translation-unit.ts'
import { readAttributes } from './attributes.ts'
import { readDeclarator } from './declarator.ts'
import { readDesignators, readExpression, readList } from './expression-reader.ts'
import type { ConstantEvaluator, Declarator, Reader, Specifiers } from './reader.ts'
import type { Scope } from './scope.ts'
import { readSpecifiers, startsSpecifiers } from './specifiers.ts'
import type { Designator, ListNode, Node } from './syntax-tree.ts'
import type { TokenCursor } from './token-cursor.ts'

/** Brackets, operators and declarators within each other that are followed: as many as clang follows. */
const MOST_NESTED = 256

/** Joins the parts of the parser on one list of tokens. */
export class SourceReader implements Reader {
  readonly cursor: TokenCursor
  readonly scope: Scope
  readonly evaluator: ConstantEvaluator
  readonly report: (error: CSourceError) => void
  #depth = 0

  constructor(cursor: TokenCursor, scope: Scope, evaluator: ConstantEvaluator, report: (error: CSourceError) => void) {
    this.cursor = cursor
    this.scope = scope
    this.evaluator = evaluator
    this.report = report
  }

  nested<Result>(read: () => Result): Result {
    if (this.#depth === MOST_NESTED) {
      throw errorAt(this.cursor.peek(), 'C_LIMIT', `brackets are nested more than ${MOST_NESTED} deep`)
    }
    this.#depth++
    try {
      return read()
    } finally {
      this.#depth--
    }
  }

  startsType(ahead = 0): boolean {
    return startsSpecifiers(this, this.cursor.peek(ahead))
  }

  specifiers(): Specifiers {
    return readSpecifiers(this)
  }

  declarator(specifiers: Pick<Specifiers, 'type' | 'typeTags'>): Declarator {
    return readDeclarator(this, specifiers)
  }

  typeName(): CType {
    return this.nested(() => readDeclarator(this, readSpecifiers(this)).type)
  }

  attributes(): Attribute[] {
    return readAttributes(this)
  }

  expression(): Node {
    return readExpression(this)
  }

  list(): ListNode {
    return readList(this)
  }

  designators(): Designator[] {
    return readDesignators(this)
  }
}
