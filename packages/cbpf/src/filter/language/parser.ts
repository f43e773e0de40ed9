import type { FilterSource } from '../filter-source.ts'
import type { Qualifiers } from '../qualifiers.ts'
import { continuesArithmetic, parseRelation } from './arithmetic-parser.ts'
import { idFollows, parseId } from './id-parser.ts'
import { tokenize } from './lexer.ts'
import { type ParsedTerm, parsePrimitive } from './primitive-parser.ts'
import type { ChainLink, Expression } from './syntax-tree.ts'
import { TokenReader } from './token-reader.ts'

/**
 * Parses a filter expression.
 *
 * @returns undefined where there is nothing in it, which every packet matches
 * @throws CbpfError CBPF_FILTER_SYNTAX, CBPF_FILTER_LIMIT, CBPF_FILTER_UNSUPPORTED
 * @see pcap-filter(7)
 */
export function parseFilter(source: FilterSource): Expression | undefined {
  const reader = new TokenReader(source, tokenize(source))
  if (reader.peek().kind === 'end') return undefined
  const { expression } = parseChain(reader, undefined)
  if (reader.peek().kind !== 'end') throw reader.unexpected('"and", "or", or the end')
  return expression
}

/**
 * Terms with `and` and `or` between them.
 *
 * @param inherited the qualifiers of the id before, which an id without any takes over
 */
function parseChain(reader: TokenReader, inherited: Qualifiers | undefined): ParsedTerm {
  const first = parseTerm(reader, inherited)
  const rest: ChainLink[] = []
  let { qualifiers } = first
  for (;;) {
    const operator = reader.word()
    if (operator !== 'and' && operator !== 'or') break
    reader.take()
    const term = idFollows(reader) ? parsedId(reader, qualifiers) : parseTerm(reader, qualifiers)
    qualifiers = term.qualifiers
    rest.push({ operator, operand: term.expression })
  }
  return {
    expression: rest.length === 0 ? first.expression : { kind: 'chain', first: first.expression, rest },
    qualifiers,
  }
}

function parsedId(reader: TokenReader, qualifiers: Qualifiers | undefined): ParsedTerm {
  return { expression: parseId(reader, qualifiers), qualifiers }
}

function parseTerm(reader: TokenReader, inherited: Qualifiers | undefined): ParsedTerm {
  let inverted = false
  while (reader.skipWord('not')) inverted = !inverted
  const term = parseUnit(reader, inherited)
  return inverted ? { ...term, expression: { kind: 'not', operand: term.expression } } : term
}

function parseUnit(reader: TokenReader, inherited: Qualifiers | undefined): ParsedTerm {
  if (!reader.isSign('(')) return parsePrimitive(reader)
  if (opensArithmetic(reader)) return { expression: parseRelation(reader), qualifiers: undefined }
  reader.take()
  const { expression } = reader.nested(() => parseChain(reader, inherited))
  reader.expectSign(')')
  return { expression, qualifiers: inherited }
}

/** A parenthesis around numbers: behind the one that closes it, a computation or comparison goes on. */
function opensArithmetic(reader: TokenReader): boolean {
  let depth = 0
  for (let ahead = 0; reader.peek(ahead).kind !== 'end'; ahead++) {
    if (reader.isSign('(', ahead)) depth++
    else if (reader.isSign(')', ahead) && --depth === 0) return continuesArithmetic(reader, ahead + 1)
  }
  return false
}
