import { type CSourceError, errorAt } from '../c-source-error.ts'
import { isPunctuator, type Token } from '../lexer/token.ts'
import type { Macro } from './macro.ts'
import { type Argument, Substitution } from './substitution.ts'

/** Tokens that are read before the file goes on: a replacement, an argument, a token put back. */
interface Context {
  readonly tokens: readonly Token[]
  at: number
  readonly macro?: Macro
  /** An `end` is read at its end, again and again: an argument is replaced as if it were all there is. */
  readonly end?: Token
}

/** Replacements within arguments within arguments ... that are followed. */
const MOST_NESTED = 200
/** Tokens that replacements may make, ten times what lib/test_bpf.c needs: a few macros could double them without end. */
const MOST_TOKENS = 5_000_000

/**
 * Replaces macros (C11 6.10.3) as gcc does: a macro is disabled while its replacement is read, a name met then is painted
 * and never replaced, and a call may go on past the end of the replacement that its name stands in.
 */
export class MacroExpander {
  readonly macros: Map<string, Macro>
  readonly #base: () => Token
  readonly #report: (error: CSourceError) => void
  readonly #contexts: Context[] = []
  #depth = 0
  #made = 0

  /**
   * @param base the next token of the file, `end` at its end
   */
  constructor(macros: Map<string, Macro>, base: () => Token, report: (error: CSourceError) => void) {
    this.macros = macros
    this.#base = base
    this.#report = report
  }

  /** The next token with all macros replaced. @throws CSourceError C_LIMIT */
  next(): Token {
    for (;;) {
      const token = this.#raw()
      if (token.kind !== 'identifier' || token.painted) return token
      const macro = this.macros.get(token.spelling)
      if (macro === undefined) return token
      if (macro.disabled) return { ...token, painted: true }
      if (macro.answer !== undefined) return macro.answer(token)
      if (!this.#enter(macro, token)) return token
    }
  }

  /** All of a list with macros replaced, as if nothing followed it. */
  expand(tokens: readonly Token[], place: Token): Token[] {
    if (tokens.length === 0) return []
    if (this.#depth === MOST_NESTED) throw errorAt(place, 'C_LIMIT', 'macro calls are nested too deeply')
    this.#depth++
    this.#contexts.push({ tokens, at: 0, end: { ...place, kind: 'end', spelling: '' } })
    const out: Token[] = []
    for (let token = this.next(); token.kind !== 'end'; token = this.next()) out.push(token)
    this.#contexts.pop()
    this.#depth--
    return out
  }

  #raw(): Token {
    for (;;) {
      const context = this.#contexts.at(-1)
      if (context === undefined) return this.#base()
      const token = context.tokens[context.at]
      if (token !== undefined) {
        context.at++
        return token
      }
      if (context.end !== undefined) return context.end
      this.#contexts.pop()
      if (context.macro !== undefined) context.macro.disabled = false
    }
  }

  #enter(macro: Macro, call: Token): boolean {
    const args = macro.parameters === undefined ? [] : this.#arguments(macro, macro.parameters, call)
    if (args === undefined) return false
    const tokens = new Substitution(macro, call, args, this.#report).tokens()
    this.#made += tokens.length
    if (this.#made > MOST_TOKENS) throw errorAt(call, 'C_LIMIT', `macros make more than ${MOST_TOKENS} tokens`)
    this.#contexts.push({ tokens, at: 0, macro })
    macro.disabled = true
    return true
  }

  /** The arguments of a call; undefined where the name stands alone, or wrong is reported. */
  #arguments(macro: Macro, parameters: readonly string[], call: Token): readonly Argument[] | undefined {
    const open = this.#raw()
    if (!isPunctuator(open, '(')) {
      if (open.kind !== 'end') this.#contexts.push({ tokens: [open], at: 0 })
      return undefined
    }
    const lists = this.#lists(macro, parameters.length, call)
    if (lists === undefined) return undefined
    if (parameters.length === 0 && lists.length === 1 && lists[0]?.length === 0) return []
    if (macro.variadic && lists.length === parameters.length - 1) lists.push([])
    if (lists.length !== parameters.length) {
      this.#report(
        errorAt(call, 'C_MACRO', `the macro ${macro.name} is called with another number of arguments than it has`, {
          got: lists.length,
          expected: parameters.length,
        }),
      )
      return undefined
    }
    return lists.map((raw) => this.#argument(raw, call))
  }

  #argument(raw: readonly Token[], call: Token): Argument {
    let expanded: readonly Token[] | undefined
    return {
      raw,
      expanded: () => {
        expanded ??= this.expand(raw, call)
        return expanded
      },
    }
  }

  /** Splits at commas outside of parentheses; the last argument of a variadic macro holds the rest with its commas. */
  #lists(macro: Macro, count: number, call: Token): Token[][] | undefined {
    let list: Token[] = []
    const lists = [list]
    for (let depth = 0; ; ) {
      const token = this.#argumentToken()
      if (token.kind === 'end') {
        this.#report(errorAt(call, 'C_MACRO', `the call of ${macro.name} has no closing parenthesis`))
        return undefined
      }
      if (token.kind === 'punctuator') {
        if (token.spelling === '(') depth++
        if (token.spelling === ')' && depth-- === 0) return lists
        if (token.spelling === ',' && depth === 0 && !(macro.variadic && lists.length === count)) {
          list = []
          lists.push(list)
          continue
        }
      }
      list.push(token)
    }
  }

  #argumentToken(): Token {
    const token = this.#raw()
    const painted = token.kind === 'identifier' && this.macros.get(token.spelling)?.disabled === true
    return painted ? { ...token, painted: true } : token
  }
}
