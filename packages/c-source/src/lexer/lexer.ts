import { CSourceError } from '../c-source-error.ts'
import { CLASS, classOf, continuesName } from './character-class.ts'
import { punctuatorAt } from './punctuators.ts'
import type { Token, TokenKind } from './token.ts'

const BACKSLASH = 0x5c
const DOT = 0x2e
const NEWLINE = 0x0a
const RETURN = 0x0d
const SLASH = 0x2f
const STAR = 0x2a

/** What may stand before a string's or a character's quote (C11 6.4.5). */
const PREFIXES: ReadonlySet<string> = new Set(['L', 'u', 'U', 'u8'])

/**
 * Cuts a text into preprocessing tokens (C11 5.1.1.2, phases 2 and 3): line splices vanish, comments are white space.
 * An unfinished string or character is a `broken` token to the end of its line, since text that `#if` leaves out may
 * hold one; an unfinished comment is reported at once.
 */
export class Lexer {
  readonly #file: string
  readonly #text: string
  readonly #report: (error: CSourceError) => void
  readonly #tokens: Token[] = []
  #at = 0
  #line = 1
  #lineStart = 0
  #spaced = false
  #startsLine = true
  /** Of the token being read. */
  #start = 0
  #startLine = 1
  #startColumn = 1
  #spliced = false

  constructor(file: string, text: string, report: (error: CSourceError) => void) {
    this.#file = file
    this.#text = text
    this.#report = report
  }

  /** All tokens, an `end` one last. */
  tokens(): Token[] {
    while (this.#at < this.#text.length) this.#step()
    this.#begin()
    this.#push('end')
    return this.#tokens
  }

  #step(): void {
    const code = this.#text.charCodeAt(this.#at)
    switch (classOf(code)) {
      case CLASS.space:
        this.#at++
        this.#spaced = true
        break
      case CLASS.newline:
        this.#newline()
        break
      case CLASS.letter:
        this.#name()
        break
      case CLASS.digit:
        this.#number()
        break
      case CLASS.quote:
        this.#begin()
        this.#literal(code)
        break
      default:
        this.#symbol(code)
    }
  }

  #begin(): void {
    this.#start = this.#at
    this.#startLine = this.#line
    this.#startColumn = this.#at - this.#lineStart + 1
    this.#spliced = false
  }

  #push(kind: TokenKind, spelling = this.#spelling()): void {
    this.#tokens.push({
      kind,
      spelling,
      file: this.#file,
      line: this.#startLine,
      column: this.#startColumn,
      spaced: this.#spaced,
      startsLine: this.#startsLine,
      painted: false,
    })
    this.#spaced = false
    this.#startsLine = false
  }

  #spelling(): string {
    const raw = this.#text.slice(this.#start, this.#at)
    return this.#spliced ? raw.replaceAll(/\\\r?\n/g, '') : raw
  }

  #newline(): void {
    this.#at++
    this.#line++
    this.#lineStart = this.#at
    this.#startsLine = true
    this.#spaced = false
  }

  /** Skips line splices, so that what follows joins what came before (phase 2). */
  #splices(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== BACKSLASH) return
      const next = this.#text.charCodeAt(this.#at + 1)
      const length = next === NEWLINE ? 2 : next === RETURN && this.#text.charCodeAt(this.#at + 2) === NEWLINE ? 3 : 0
      if (length === 0) return
      this.#at += length
      this.#line++
      this.#lineStart = this.#at
      this.#spliced = true
    }
  }

  #name(): void {
    this.#begin()
    do {
      this.#at++
      this.#splices()
    } while (continuesName(this.#text.charCodeAt(this.#at)))
    const code = this.#text.charCodeAt(this.#at)
    if (classOf(code) === CLASS.quote && PREFIXES.has(this.#spelling())) this.#literal(code)
    else this.#push('identifier')
  }

  /** A pp-number (C11 6.4.8): digits, letters, dots, and signs after an exponent. */
  #number(): void {
    this.#begin()
    for (;;) {
      const exponent = isExponent(this.#text.charCodeAt(this.#at))
      this.#at++
      this.#splices()
      const code = this.#text.charCodeAt(this.#at)
      if (!(continuesName(code) || code === DOT || (exponent && isSign(code)))) break
    }
    this.#push('number')
  }

  #literal(quote: number): void {
    this.#at++
    for (;;) {
      this.#splices()
      const code = this.#text.charCodeAt(this.#at)
      if (Number.isNaN(code) || code === NEWLINE) {
        this.#push('broken')
        return
      }
      this.#at++
      if (code === quote) break
      if (code === BACKSLASH) {
        this.#splices()
        if (this.#text.charCodeAt(this.#at) !== NEWLINE) this.#at++
      }
    }
    this.#push(quote === 0x22 ? 'string' : 'character')
  }

  #symbol(code: number): void {
    if (code === BACKSLASH) {
      const before = this.#at
      this.#splices()
      if (this.#at !== before) return
    }
    if (code === SLASH) {
      const next = this.#text.charCodeAt(this.#at + 1)
      if (next === SLASH || next === STAR) {
        if (next === SLASH) this.#lineComment()
        else this.#comment()
        return
      }
    }
    if (code === DOT && classOf(this.#text.charCodeAt(this.#at + 1)) === CLASS.digit) this.#number()
    else this.#punctuator()
  }

  #punctuator(): void {
    this.#begin()
    const punctuator = punctuatorAt(this.#text, this.#at)
    this.#at += punctuator?.length ?? 1
    this.#push(punctuator === undefined ? 'broken' : 'punctuator', punctuator)
  }

  #lineComment(): void {
    this.#spaced = true
    for (;;) {
      const newline = this.#text.indexOf('\n', this.#at)
      if (newline < 0) {
        this.#at = this.#text.length
        return
      }
      this.#at = newline
      const last = this.#text.charCodeAt(newline - 1) === RETURN ? newline - 2 : newline - 1
      if (this.#text.charCodeAt(last) !== BACKSLASH) return
      this.#at++
      this.#line++
      this.#lineStart = this.#at
    }
  }

  #comment(): void {
    this.#begin()
    const end = this.#text.indexOf('*/', this.#at + 2)
    if (end < 0) {
      const source = { file: this.#file, line: this.#startLine, column: this.#startColumn }
      const message = 'a comment without its end'
      this.#report(new CSourceError({ code: 'C_TOKEN', message, where: { source }, expected: '*/' }))
    }
    const stop = end < 0 ? this.#text.length : end + 2
    for (let at = this.#text.indexOf('\n', this.#at); at >= 0 && at < stop; at = this.#text.indexOf('\n', at + 1)) {
      this.#line++
      this.#lineStart = at + 1
    }
    this.#at = stop
    this.#spaced = true
  }
}

/** e, E, p, P. */
function isExponent(code: number): boolean {
  return code === 0x65 || code === 0x45 || code === 0x70 || code === 0x50
}

/** + and -. */
function isSign(code: number): boolean {
  return code === 0x2b || code === 0x2d
}
