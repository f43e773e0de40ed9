import type { Qualifiers } from '../qualifiers.ts'
import { continuesArithmetic } from './arithmetic-parser.ts'
import type { ChainLink, Expression, Id } from './syntax-tree.ts'
import type { Token } from './token.ts'
import type { TokenReader } from './token-reader.ts'

/** Begin ids, and nothing else. */
const ID_KINDS: ReadonlySet<Token['kind']> = new Set(['name', 'ipv4', 'ipv6', 'mac', 'arcnet'])

/** Whether an id comes next, where a primitive could, too: decided by what stands behind `not`s and parentheses. */
export function idFollows(reader: TokenReader): boolean {
  let ahead = 0
  let opened = 0
  for (;;) {
    if (reader.isSign('(', ahead)) opened++
    else if (reader.word(ahead) !== 'not') break
    ahead++
  }
  const { kind } = reader.peek(ahead)
  if (kind !== 'number') return ID_KINDS.has(kind)
  ahead++
  for (; opened > 0 && reader.isSign(')', ahead); opened--) ahead++
  return !continuesArithmetic(reader, ahead)
}

/**
 * `80`, `not 80`, `(80 or 443)`: ids that share their qualifiers.
 *
 * @param qualifiers undefined where none came before; what the ids are can't be told then
 */
export function parseId(reader: TokenReader, qualifiers: Qualifiers | undefined): Expression {
  if (reader.skipWord('not')) {
    return { kind: 'not', operand: reader.nested(() => parseId(reader, qualifiers)) }
  }
  const { at } = reader.peek()
  const number = bracedNumber(reader)
  if (number !== undefined) return { kind: 'id', id: { form: 'number', value: number }, qualifiers, at }
  if (reader.skipSign('(')) return reader.nested(() => parseIdList(reader, qualifiers))
  return { kind: 'id', id: parseSingle(reader), qualifiers, at }
}

/** A number, also in parentheses. Undefined where it is none, and nothing was taken then. */
export function bracedNumber(reader: TokenReader): number | undefined {
  let opened = 0
  while (reader.isSign('(', opened)) opened++
  const token = reader.peek(opened)
  if (token.kind !== 'number') return undefined
  for (let closed = 1; closed <= opened; closed++) {
    if (!reader.isSign(')', opened + closed)) return undefined
  }
  for (let taken = 0; taken <= 2 * opened; taken++) reader.take()
  return token.value
}

/** Behind the parenthesis. The first id is no list itself; libpcap has it so. */
function parseIdList(reader: TokenReader, qualifiers: Qualifiers | undefined): Expression {
  if (reader.isSign('(') && !startsWithNumber(reader)) throw reader.unexpected('an address, a name, or a number')
  const first = parseId(reader, qualifiers)
  const rest: ChainLink[] = []
  for (;;) {
    const operator = reader.word()
    if (operator !== 'and' && operator !== 'or') break
    reader.take()
    rest.push({ operator, operand: parseId(reader, qualifiers) })
  }
  if (rest.length === 0 && first.kind === 'id' && first.id.form === 'number') throw reader.unexpected('"and" or "or"')
  reader.expectSign(')')
  return { kind: 'chain', first, rest }
}

function startsWithNumber(reader: TokenReader): boolean {
  let opened = 0
  while (reader.isSign('(', opened)) opened++
  if (reader.peek(opened).kind !== 'number') return false
  return Array.from({ length: opened }).every((_, index) => reader.isSign(')', opened + 1 + index))
}

function parseSingle(reader: TokenReader): Id {
  const { kind, text } = reader.peek()
  if (!ID_KINDS.has(kind)) throw reader.unexpected('an address, a name, or a number')
  reader.take()
  if (kind === 'ipv4') return parseIpv4(reader, text)
  if (kind === 'ipv6') return { form: 'ipv6', text, bits: reader.skipSign('/') ? reader.expectNumber() : undefined }
  return { form: kind as 'name' | 'mac' | 'arcnet', text }
}

function parseIpv4(reader: TokenReader, text: string): Id {
  if (reader.skipSign('/')) return { form: 'ipv4-prefix', text, bits: reader.expectNumber() }
  if (!reader.skipWord('mask')) return { form: 'ipv4', text }
  const mask = reader.peek()
  if (mask.kind !== 'ipv4') throw reader.unexpected('a netmask with dots')
  reader.take()
  return { form: 'ipv4-mask', text, mask: mask.text }
}
