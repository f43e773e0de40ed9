import type { SourceSpan } from '@bpfoundry/diagnostics'
import type { CFunctionType, CType } from './c-type.ts'
import type { CValue } from './c-value.ts'
import type { Expression } from './expression.ts'

/** `__attribute__((name(arguments)))`. */
export interface Attribute {
  /** Without leading and trailing underscores: `section`, `naked`, `btf_decl_tag`, `aligned`. */
  readonly name: string
  /** Evaluated where they are constants or strings; other arguments are left out. */
  readonly arguments: readonly CValue[]
  readonly span: SourceSpan
}

export interface VariableDeclaration {
  readonly name: string
  readonly type: CType
  readonly storage: 'extern' | 'static' | 'none'
  readonly attributes: readonly Attribute[]
  readonly hasInitializer: boolean
  readonly span: SourceSpan
}

export interface AsmOperand {
  /** `x` of `[x]"i"(...)`; empty without. */
  readonly name: string
  readonly constraint: string
  readonly expression: Expression
}

export interface AsmStatement {
  /** String pieces joined, escapes resolved. */
  readonly template: string
  readonly outputs: readonly AsmOperand[]
  readonly inputs: readonly AsmOperand[]
  readonly clobbers: readonly string[]
  readonly span: SourceSpan
}

export interface FunctionDefinition {
  readonly name: string
  readonly type: CFunctionType
  readonly storage: 'extern' | 'static' | 'none'
  readonly attributes: readonly Attribute[]
  /** Its statements, when all of them are asm; undefined for any other body. */
  readonly asm: readonly AsmStatement[] | undefined
  readonly span: SourceSpan
}

/** A file with everything it includes, as far as it is data: bodies of functions other than asm are skipped. */
export interface TranslationUnit {
  /** By tag, name of a typedef or enumerator, in scope at the end of the file. */
  type(name: `struct ${string}` | `union ${string}` | `enum ${string}` | (string & {})): CType | undefined
  readonly variables: ReadonlyMap<string, VariableDeclaration>
  /** Declared, defined or not, attributes of all declarations merged. */
  readonly functions: ReadonlyMap<string, FunctionDeclaration>
  /** In the order of the file. */
  readonly definitions: readonly FunctionDefinition[]
  /** What could not be read and was skipped, located: never silently dropped. */
  readonly problems: readonly Error[]
  /**
   * The value of a variable's initialiser, read when first asked for.
   *
   * @param unread of a table: is told of each element that can't be read; it is left out, and the others are read
   * @throws CSourceError
   */
  valueOf(variable: string, unread?: (error: Error, index: number) => void): CValue
  /** @throws CSourceError C_VALUE for what is no constant */
  evaluate(expression: Expression): CValue
  /** A constant expression given as text, such as `sizeof(struct x)` or a macro's name. @throws CSourceError */
  evaluateText(text: string): CValue
}

export interface FunctionDeclaration {
  readonly name: string
  readonly type: CFunctionType
  readonly storage: 'extern' | 'static' | 'none'
  readonly attributes: readonly Attribute[]
  readonly span: SourceSpan
}

/** How a file is read. */
export interface ReadOptions {
  /** The text of a file, or undefined where there is none. Paths are as `includePaths` make them. */
  readonly read: (path: string) => string | undefined
  /** For `#include <x>` and, after the folder of the including file, `#include "x"`. */
  readonly includePaths: readonly string[]
  /**
   * A unit that was read before: its macros and declarations are in scope, as if the file included it first. A large
   * header that many files share, such as vmlinux.h, is so read once.
   */
  readonly prelude?: TranslationUnit
  /** As -D: name or name(parameters) and value. */
  readonly defines?: Readonly<Record<string, string>>
  /** What to do where an included file is not found: report it (default), or leave it out without a word. */
  readonly missingIncludes?: 'problem' | 'ignore'
}
