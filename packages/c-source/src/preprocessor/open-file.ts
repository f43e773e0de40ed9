import { isPunctuator, type Token } from '../lexer/token.ts'
import { ConditionalGroups } from './conditional-groups.ts'

const OPENS: ReadonlySet<string> = new Set(['if', 'ifdef', 'ifndef'])
const TURNS: ReadonlySet<string> = new Set(['elif', 'elifdef', 'elifndef', 'else', 'endif'])

/** A file that is being read: its tokens, the last of which is an `end`, and how far it is. */
export class OpenFile {
  readonly path: string
  readonly tokens: readonly Token[]
  readonly groups: ConditionalGroups = new ConditionalGroups()
  at = 0

  constructor(path: string, tokens: readonly Token[]) {
    this.path = path
    this.tokens = tokens
  }

  peek(): Token {
    return this.tokens[this.at] as Token
  }

  /** The tokens up to the end of the line; the file goes on after them. */
  restOfLine(): readonly Token[] {
    const start = this.at
    while (!this.peek().startsLine && this.peek().kind !== 'end') this.at++
    return this.tokens.slice(start, this.at)
  }

  /** To the next #elif, #else or #endif of the same #if; what is between is only matched. */
  skipGroup(): void {
    for (let depth = 0; this.peek().kind !== 'end'; this.at++) {
      const name = directiveAt(this.tokens, this.at)
      if (name === undefined) continue
      if (depth === 0 && TURNS.has(name)) return
      if (OPENS.has(name)) depth++
      else if (name === 'endif') depth--
    }
  }
}

/** The name of the directive that begins at a token; undefined where none does. */
function directiveAt(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at] as Token
  if (!token.startsLine || !isPunctuator(token, '#')) return undefined
  const name = tokens[at + 1]
  return name === undefined || name.startsLine ? undefined : name.spelling
}

/**
 * The macro that guards a file against being read twice: all of it stands within one `#ifndef X`, without an else. Once X
 * is defined, the file holds nothing, and need not even be cut into tokens.
 */
export function includeGuard(tokens: readonly Token[]): string | undefined {
  const macro = tokens[2]
  if (directiveAt(tokens, 0) !== 'ifndef' || macro?.kind !== 'identifier') return undefined
  let depth = 0
  for (let at = 0; at < tokens.length; at++) {
    const name = directiveAt(tokens, at)
    if (name === undefined) continue
    if (OPENS.has(name)) depth++
    else if (name === 'endif') depth--
    else if (depth === 1 && TURNS.has(name)) return undefined
    if (depth === 0) return tokens[at + 2]?.kind === 'end' ? macro.spelling : undefined
  }
  return undefined
}
