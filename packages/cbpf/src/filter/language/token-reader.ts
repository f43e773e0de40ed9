import type { FilterSource } from '../filter-source.ts'
import type { Protocol } from '../qualifiers.ts'
import type { Token, Word } from './token.ts'

/** Parentheses, indices and signs inside of each other. */
const MAX_NESTING = 400

/** Shown in an error. */
const MAX_QUOTED = 40

/** A parser's place in the tokens of an expression. */
export class TokenReader {
  readonly source: FilterSource
  readonly #tokens: readonly Token[]
  #index = 0
  #nesting = 0

  /** @param tokens the last of which is the end */
  constructor(source: FilterSource, tokens: readonly Token[]) {
    this.source = source
    this.#tokens = tokens
  }

  /** The token that comes next, or one behind it; behind the end, the end. */
  peek(ahead: number = 0): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)] as Token
  }

  take(): Token {
    const token = this.peek()
    this.#index++
    return token
  }

  isSign(sign: string, ahead: number = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'sign' && token.sign === sign
  }

  /** The word that comes next, where it is one of the grammar's. */
  word(ahead: number = 0): Word | undefined {
    const token = this.peek(ahead)
    return token.kind === 'word' ? token.word : undefined
  }

  protocol(): Protocol | undefined {
    const token = this.peek()
    return token.kind === 'protocol' ? token.protocol : undefined
  }

  /** Takes a sign if it comes next. */
  skipSign(sign: string): boolean {
    const found = this.isSign(sign)
    if (found) this.#index++
    return found
  }

  skipWord(word: Word): boolean {
    const found = this.word() === word
    if (found) this.#index++
    return found
  }

  expectSign(sign: string): void {
    if (!this.skipSign(sign)) throw this.unexpected(`"${sign}"`)
  }

  expectNumber(): number {
    const token = this.peek()
    if (token.kind !== 'number') throw this.unexpected('a number')
    this.#index++
    return token.value
  }

  /** Parses what stands inside of something. @throws CbpfError CBPF_FILTER_LIMIT */
  nested<Node>(parse: () => Node): Node {
    if (++this.#nesting > MAX_NESTING) {
      throw this.source.error('CBPF_FILTER_LIMIT', this.peek().at, 'the expression is nested too deep', {
        expected: `at most ${MAX_NESTING} levels`,
      })
    }
    const node = parse()
    this.#nesting--
    return node
  }

  /** The error for a token that can't stand where it stands. */
  unexpected(expected: string): Error {
    const token = this.peek()
    if (token.kind === 'foreign') {
      return this.source.error('CBPF_FILTER_UNSUPPORTED', token.at, `"${token.text}" is not supported`)
    }
    const text = token.text.length > MAX_QUOTED ? `${token.text.slice(0, MAX_QUOTED)}...` : token.text
    const got = token.kind === 'end' ? 'the end of the expression' : `"${text}"`
    return this.source.syntaxError(token.at, { got, expected, ...this.#hint(token) })
  }

  /** Words of the language name nothing by themselves. */
  #hint({ kind, text }: Token): { hint?: string } {
    if (kind !== 'protocol' && kind !== 'word') return {}
    return { hint: `"${text}" is a word of the language; as a name it is written \\${text}` }
  }
}
