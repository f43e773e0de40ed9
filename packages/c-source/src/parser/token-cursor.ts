import { type CSourceError, errorAt } from '../c-source-error.ts'
import type { Token } from '../lexer/token.ts'

const CLOSES: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
const CLOSING: ReadonlySet<string> = new Set(Object.values(CLOSES))

/** A place in a list of tokens. */
export class TokenCursor {
  readonly tokens: readonly Token[]
  readonly #end: Token
  at = 0

  /** @param end what is read past the last token: its place is that of the end */
  constructor(tokens: readonly Token[], end: Token) {
    this.tokens = tokens
    this.#end = end
  }

  get atEnd(): boolean {
    return this.at >= this.tokens.length
  }

  peek(ahead = 0): Token {
    return this.tokens[this.at + ahead] ?? this.#end
  }

  next(): Token {
    const token = this.peek()
    this.at++
    return token
  }

  /** Whether the next token (or the one `ahead` of it) is that punctuator or word. */
  is(spelling: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.spelling === spelling && (token.kind === 'punctuator' || token.kind === 'identifier')
  }

  accept(spelling: string): boolean {
    if (!this.is(spelling)) return false
    this.at++
    return true
  }

  /** @throws CSourceError C_SYNTAX */
  expect(spelling: string): Token {
    if (this.is(spelling)) return this.next()
    throw this.wrong(spelling)
  }

  /** @throws CSourceError C_SYNTAX */
  expectName(): Token {
    if (this.peek().kind === 'identifier') return this.next()
    throw this.wrong('a name')
  }

  /** The error at the next token. */
  wrong(expected: string): CSourceError {
    const token = this.peek()
    const got = token.kind === 'end' ? 'the end of the file' : token.spelling.slice(0, 80)
    return errorAt(token, 'C_SYNTAX', 'this is not what C has here', { got, expected })
  }

  /** Skips a token, or from an opening bracket to its closing one. @throws CSourceError C_SYNTAX */
  skipOne(): void {
    const open = this.next()
    if (open.kind !== 'punctuator' || CLOSES[open.spelling] === undefined) return
    for (let depth = 1; depth > 0; this.at++) {
      const token = this.tokens[this.at]
      if (token === undefined) throw errorAt(open, 'C_SYNTAX', `a ${open.spelling} that is never closed`)
      if (token.kind !== 'punctuator') continue
      if (CLOSES[token.spelling] !== undefined) depth++
      else if (CLOSING.has(token.spelling)) depth--
    }
  }
}
