import { type CSourceError, errorAt } from './c-source-error.ts'
import type { CType } from './c-type.ts'
import type { CValue } from './c-value.ts'
import { Evaluator } from './evaluator/evaluator.ts'
import type { Unread } from './evaluator/initializer.ts'
import type { Expression } from './expression.ts'
import type { Token } from './lexer/token.ts'
import { readDeclarations } from './parser/declaration-reader.ts'
import { readInitializer, readWholeExpression } from './parser/expression-reader.ts'
import { Scope, type Variable } from './parser/scope.ts'
import { SourceReader } from './parser/source-reader.ts'
import type { Node } from './parser/syntax-tree.ts'
import { TokenCursor } from './parser/token-cursor.ts'
import { Preprocessor } from './preprocessor/preprocessor.ts'
import type { FunctionDefinition, ReadOptions, TranslationUnit } from './translation-unit.ts'
import { INTEGER_TYPES } from './types/integer-types.ts'
import { VOID } from './types/type-queries.ts'

/**
 * Reads a C file with everything it includes, as far as it is data.
 *
 * @param path as `options.read` takes it
 * @throws CSourceError C_INCLUDE where there is no such file, C_LIMIT; all else that is wrong is among `problems`
 */
export function readSource(path: string, options: ReadOptions): TranslationUnit {
  return new SourceUnit(path, options)
}

/**
 * The tokens of a file with everything it includes, macros replaced: what `cc -E` prints.
 *
 * @throws CSourceError C_INCLUDE where there is no such file, C_LIMIT; all else that is wrong is among `problems`
 */
export function preprocess(
  path: string,
  options: ReadOptions,
): { readonly tokens: readonly Token[]; readonly problems: readonly CSourceError[] } {
  const preprocessor = new Preprocessor(options)
  return { tokens: preprocessor.file(path), problems: preprocessor.problems }
}

class SourceUnit implements TranslationUnit {
  readonly variables: ReadonlyMap<string, Variable>
  readonly functions: TranslationUnit['functions']
  readonly definitions: readonly FunctionDefinition[]
  readonly problems: CSourceError[] = []
  readonly #scope: Scope
  readonly #preprocessor: Preprocessor
  readonly #evaluator: Evaluator
  /** Of variables: computed, or `computing` while it is. */
  readonly #values = new Map<string, CValue | 'computing'>()

  constructor(path: string, options: ReadOptions) {
    const prelude = options.prelude instanceof SourceUnit ? options.prelude : undefined
    this.#preprocessor = new Preprocessor(options, prelude === undefined ? undefined : prelude.#preprocessor.state)
    this.#scope = new Scope(prelude === undefined ? undefined : prelude.#scope)
    this.#evaluator = new Evaluator(this.#scope, (name) => this.valueOf(name))
    const tokens = this.#preprocessor.file(path)
    this.problems.push(...this.#preprocessor.problems)
    this.definitions = readDeclarations(this.#reader(tokens))
    this.variables = this.#scope.variables
    this.functions = this.#scope.functions
  }

  #reader(tokens: readonly Token[]): SourceReader {
    const report = (error: CSourceError): void => void this.problems.push(error)
    const cursor = new TokenCursor(tokens, this.#preprocessor.end)
    return new SourceReader(cursor, this.#scope, this.#evaluator, report)
  }

  type(name: string): CType | undefined {
    const { tags, typedefs, enumerators } = this.#scope
    return tags.get(name) ?? typedefs.get(name) ?? enumerators.get(name)?.type ?? basicType(name)
  }

  valueOf(name: string, unread?: Unread): CValue {
    const known = this.#values.get(name)
    if (known === 'computing') throw this.#wrongVariable(name, 'C_VALUE', 'a variable that is initialised with itself')
    if (known !== undefined) return known
    let kept: CValue | undefined
    let isWhole = true
    const tell: Unread = (error, index) => {
      isWhole = false
      unread?.(error, index)
    }
    this.#values.set(name, 'computing')
    try {
      const value = this.#initial(name, unread === undefined ? undefined : tell)
      // One that lacks elements is read anew for who wants to be told.
      if (isWhole) kept = value
      return value
    } finally {
      if (kept === undefined) this.#values.delete(name)
      else this.#values.set(name, kept)
    }
  }

  #initial(name: string, unread: Unread | undefined): CValue {
    const variable = this.#scope.variables.get(name)
    if (variable === undefined) throw this.#wrongVariable(name, 'C_NAME', 'no variable of that name')
    if (variable.initializer === undefined) {
      throw this.#wrongVariable(name, 'C_VALUE', 'a variable without an initialiser')
    }
    const reader = this.#reader(variable.initializer)
    const initializer = readInitializer(reader)
    if (!reader.cursor.atEnd) throw reader.cursor.wrong('; or ,')
    return this.#evaluator.initialize(variable.declaredType, initializer, unread)
  }

  #wrongVariable(name: string, code: 'C_NAME' | 'C_VALUE', message: string): CSourceError {
    const place = this.#scope.variables.get(name)?.span ?? this.#preprocessor.end
    return errorAt(place, code, message, { got: name })
  }

  evaluate(expression: Expression): CValue {
    return this.#evaluator.result(expression as Node)
  }

  evaluateText(text: string): CValue {
    const known = this.#preprocessor.problems.length
    const reader = this.#reader(this.#preprocessor.text('<expression>', text))
    const problem = this.#preprocessor.problems[known]
    if (problem !== undefined) throw problem
    return this.#evaluator.result(readWholeExpression(reader))
  }
}

function basicType(name: string): CType | undefined {
  return name === 'void' ? VOID : INTEGER_TYPES.get(name)
}
