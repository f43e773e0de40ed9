import { isPunctuator, type Token } from '../lexer/token.ts'

const OPENS: ReadonlySet<string> = new Set(['if', 'ifdef', 'ifndef'])

/**
 * The macro that guards a file against being read twice: all of it stands within one `#ifndef X`, without an else. Once X
 * is defined, the file holds nothing, and need not even be cut into tokens.
 */
export function includeGuard(tokens: readonly Token[]): string | undefined {
  const macro = tokens[2]
  if (tokens[1]?.spelling !== 'ifndef' || macro?.kind !== 'identifier') return undefined
  let depth = 0
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token
    if (!token.startsLine || !isPunctuator(token, '#')) continue
    const name = tokens[at + 1]?.spelling ?? ''
    if (OPENS.has(name)) depth++
    else if (name === 'endif') depth--
    else if (depth === 1 && name.startsWith('el')) return undefined
    if (depth === 0) return tokens[at + 2]?.kind === 'end' ? macro.spelling : undefined
  }
  return undefined
}
