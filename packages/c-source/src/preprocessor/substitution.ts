import { type CSourceError, errorAt } from '../c-source-error.ts'
import { Lexer } from '../lexer/lexer.ts'
import { isPunctuator, madeToken, movedTo, type Token } from '../lexer/token.ts'
import type { BodyItem, Macro } from './macro.ts'

/** An argument of a call: as it is written, and fully replaced when asked for. */
export interface Argument {
  readonly raw: readonly Token[]
  readonly expanded: () => readonly Token[]
}

/**
 * The replacement of a call (C11 6.10.3.1 to 6.10.3.3): body tokens stand where the call does, those of an argument stay
 * where they are written.
 */
export class Substitution {
  readonly #macro: Macro
  readonly #call: Token
  readonly #arguments: readonly Argument[]
  readonly #report: (error: CSourceError) => void

  constructor(macro: Macro, call: Token, args: readonly Argument[], report: (error: CSourceError) => void) {
    this.#macro = macro
    this.#call = call
    this.#arguments = args
    this.#report = report
  }

  tokens(): Token[] {
    if (this.#macro.plain) {
      return this.#macro.body.map(({ token }, index) => this.#moved(token, index === 0))
    }
    return this.#items(this.#macro.body).filter(({ kind }) => kind !== 'placemarker')
  }

  #moved(token: Token, first: boolean): Token {
    return movedTo(token, this.#call, first ? this.#call.spaced : token.spaced)
  }

  #items(items: readonly BodyItem[]): Token[] {
    const out: Token[] = []
    items.forEach((item, index) => {
      if (this.#isGnuComma(items, index)) {
        // `, ## __VA_ARGS__`: without arguments, the comma goes too; with some, nothing is pasted.
        if ((this.#argument(items[index + 1] as BodyItem)?.raw.length ?? 0) > 0)
          out.push(this.#moved(item.token, false))
        return
      }
      const tokens = this.#item(item)
      const pastes = item.pastesPrevious && !this.#isGnuComma(items, index - 1)
      if (pastes) this.#paste(out, tokens, item.token)
      else for (const token of tokens) out.push(token)
    })
    return out
  }

  #isGnuComma(items: readonly BodyItem[], index: number): boolean {
    const item = items[index]
    if (item === undefined || !this.#macro.variadic || !item.pastesNext || !isPunctuator(item.token, ',')) return false
    return items[index + 1]?.parameter === (this.#macro.parameters?.length ?? 0) - 1
  }

  #argument(item: BodyItem): Argument | undefined {
    return this.#arguments[item.parameter]
  }

  #item(item: BodyItem): readonly Token[] {
    if (item.optional !== undefined) return this.#optional(item, item.optional)
    const argument = this.#argument(item)
    if (argument === undefined) return [this.#moved(item.token, false)]
    if (item.stringized) return [this.#stringized(argument.raw, item.token)]
    if (item.pastesNext || item.pastesPrevious) return this.#orPlacemarker(spacedAs(argument.raw, item.token))
    return spacedAs(argument.expanded(), item.token)
  }

  /** `__VA_OPT__` (C23 6.10.5.1): its content where the variable arguments are not empty. */
  #optional(item: BodyItem, optional: readonly BodyItem[]): readonly Token[] {
    const rest = this.#arguments[(this.#macro.parameters?.length ?? 0) - 1]
    const tokens = rest === undefined || rest.expanded().length === 0 ? [] : this.#items(optional)
    if (item.stringized) return [this.#stringized(tokens, item.token)]
    return this.#orPlacemarker(tokens)
  }

  #orPlacemarker(tokens: readonly Token[]): readonly Token[] {
    return tokens.length > 0 ? tokens : [madeToken('placemarker', '', this.#call)]
  }

  #stringized(tokens: readonly Token[], mark: Token): Token {
    return { ...madeToken('string', stringOf(tokens), this.#call), spaced: mark.spaced }
  }

  /** `##`: the last token so far and the first of what follows become one (C11 6.10.3.3). */
  #paste(out: Token[], tokens: readonly Token[], place: Token): void {
    const left = out.pop() ?? madeToken('placemarker', '', this.#call)
    const right = tokens[0] ?? madeToken('placemarker', '', this.#call)
    for (const token of this.#pasted(left, right, place)) out.push(token)
    for (const token of tokens.slice(1)) out.push(token)
  }

  #pasted(left: Token, right: Token, place: Token): readonly Token[] {
    if (right.kind === 'placemarker') return [left]
    if (left.kind === 'placemarker') return [right]
    const spelling = left.spelling + right.spelling
    const [token, end] = new Lexer(left.file, spelling, () => {}).tokens()
    if (token !== undefined && end?.kind === 'end' && token.kind !== 'broken') {
      return [{ ...madeToken(token.kind, spelling, left), spaced: left.spaced }]
    }
    this.#report(
      errorAt(this.#call, 'C_MACRO', `## makes no token of ${left.spelling} and ${right.spelling}`, {
        got: spelling,
        hint: `see the definition of ${this.#macro.name} at ${place.file}:${place.line}`,
      }),
    )
    return [left, right]
  }
}

/** The first token of an argument is spaced as its parameter is. */
function spacedAs(tokens: readonly Token[], mark: Token): readonly Token[] {
  const first = tokens[0]
  if (first === undefined || first.spaced === mark.spaced) return tokens
  return [{ ...first, spaced: mark.spaced, startsLine: false }, ...tokens.slice(1)]
}

/** `#` (C11 6.10.3.2): spellings, one space where there was any, strings with their quotes and backslashes escaped. */
function stringOf(tokens: readonly Token[]): string {
  let text = ''
  tokens.forEach(({ kind, spelling, spaced, startsLine }, index) => {
    if (index > 0 && (spaced || startsLine)) text += ' '
    text += kind === 'string' || kind === 'character' ? spelling.replaceAll(/["\\]/g, '\\$&') : spelling
  })
  return `"${text}"`
}
