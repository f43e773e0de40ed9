import type { CSourceError } from '../c-source-error.ts'
import { Lexer } from '../lexer/lexer.ts'
import type { Token } from '../lexer/token.ts'
import type { ReadOptions } from '../translation-unit.ts'
import { freestandingHeader } from './freestanding-headers.ts'
import { includeCandidates } from './include-path.ts'
import { includeGuard } from './open-file.ts'

/** The name in an #include, and whether in quotes. */
export interface HeaderName {
  readonly name: string
  readonly quoted: boolean
}

/** The path of a header that the compiler brings along, in errors. */
const COMPILER = '<compiler>/'

/** The files of a translation unit, each read and cut into tokens once. */
export class SourceFiles {
  /** Paths of files with `#pragma once` that were read. */
  readonly once: Set<string>
  /** By path: the macro that guards the file. */
  readonly guards: Map<string, string>
  readonly #options: ReadOptions
  readonly #report: (error: CSourceError) => void
  readonly #lexed = new Map<string, readonly Token[]>()

  constructor(
    options: ReadOptions,
    report: (error: CSourceError) => void,
    known?: { readonly once: ReadonlySet<string>; readonly guards: ReadonlyMap<string, string> },
  ) {
    this.#options = options
    this.#report = report
    this.once = new Set(known?.once)
    this.guards = new Map(known?.guards)
  }

  /**
   * The path of an included file; undefined where there is none.
   *
   * @param from the including file's path
   * @param next GNU's #include_next: only folders after the one that the including file is of
   */
  find({ name, quoted }: HeaderName, from: string, next: boolean): string | undefined {
    const candidates = includeCandidates(name, quoted && !next, from, this.#options.includePaths)
    const start = next ? candidates.indexOf(from) + 1 : 0
    const exists = (path: string): boolean => this.#lexed.has(path) || this.#options.read(path) !== undefined
    const found = candidates.slice(start).find(exists)
    return found ?? (freestandingHeader(name) === undefined ? undefined : COMPILER + name)
  }

  /** Whether a file holds nothing more: it was read, and says itself that once is enough. */
  isSpent(path: string, isDefined: (macro: string) => boolean): boolean {
    const guard = this.guards.get(path)
    return this.once.has(path) || (guard !== undefined && isDefined(guard))
  }

  /** Lets go of the tokens: what is known of the files stays. */
  forget(): void {
    this.#lexed.clear()
  }

  /** The tokens of a file; undefined where there is none. */
  tokens(path: string): readonly Token[] | undefined {
    const known = this.#lexed.get(path)
    if (known !== undefined) return known
    const own = path.startsWith(COMPILER)
    const text = own ? freestandingHeader(path.slice(COMPILER.length)) : this.#options.read(path)
    if (text === undefined) return undefined
    const tokens = new Lexer(path, text, this.#report).tokens()
    this.#lexed.set(path, tokens)
    const guard = includeGuard(tokens)
    if (guard !== undefined) this.guards.set(path, guard)
    return tokens
  }
}
