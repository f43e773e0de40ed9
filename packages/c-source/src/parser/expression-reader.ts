import { errorAt } from '../c-source-error.ts'
import { spanOf, type Token } from '../lexer/token.ts'
import { readCharacter } from '../literals/character.ts'
import { readInteger } from '../literals/integer.ts'
import { INT } from '../types/integer-types.ts'
import { readStrings } from './attributes.ts'
import type { Reader } from './reader.ts'
import type { Designator, ListItem, ListNode, Node } from './syntax-tree.ts'

/** Binary operators by how tightly they bind (C11 6.5.5 to 6.5.14). */
// biome-ignore format: table
const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ['||', 1], ['&&', 2], ['|', 3], ['^', 4], ['&', 5], ['==', 6], ['!=', 6],
  ['<', 7], ['>', 7], ['<=', 7], ['>=', 7], ['<<', 8], ['>>', 8], ['+', 9], ['-', 9], ['*', 10], ['/', 10], ['%', 10],
])
const PREFIX: ReadonlySet<string> = new Set(['+', '-', '~', '!', '&', '*'])
// biome-ignore format: table
const ASSIGNMENTS: ReadonlySet<string> = new Set(['=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>='])

type WordReader = (reader: Reader, word: Token) => Node

/** Operators that are words. */
const WORDS: ReadonlyMap<string, WordReader> = new Map<string, WordReader>([
  ['sizeof', (reader, word) => readSize(reader, word, 'size')],
  ['_Alignof', (reader, word) => readSize(reader, word, 'alignment')],
  ['__alignof__', (reader, word) => readSize(reader, word, 'alignment')],
  ['__alignof', (reader, word) => readSize(reader, word, 'alignment')],
  ['__extension__', (reader) => readCast(reader)],
  ['__builtin_offsetof', readOffset],
  ['__builtin_types_compatible_p', readCompatible],
  ['_Generic', (reader, word) => skipped(reader, word, '_Generic')],
])

/** An assignment-expression (C11 6.5.16). An assignment itself is no constant: it is read and left unread. */
export function readExpression(reader: Reader): Node {
  return reader.nested(() => {
    const first = readConditional(reader)
    const token = reader.cursor.peek()
    if (token.kind !== 'punctuator' || !ASSIGNMENTS.has(token.spelling)) return first
    reader.cursor.next()
    readExpression(reader)
    return { kind: 'unread', what: 'an assignment', span: token }
  })
}

/** With commas: the value is the last one's (C11 6.5.17). */
function readComma(reader: Reader): Node {
  let node = readExpression(reader)
  while (reader.cursor.accept(',')) node = readExpression(reader)
  return node
}

function readConditional(reader: Reader): Node {
  const { cursor } = reader
  const condition = readBinary(reader, 1)
  const span = cursor.peek()
  if (!cursor.accept('?')) return condition
  const taken = cursor.is(':') ? undefined : readComma(reader)
  cursor.expect(':')
  const otherwise = reader.nested(() => readConditional(reader))
  return { kind: 'choice', condition, taken, otherwise, span }
}

function readBinary(reader: Reader, lowest: number): Node {
  const { cursor } = reader
  let left = readCast(reader)
  for (;;) {
    const token = cursor.peek()
    const precedence = token.kind === 'punctuator' ? PRECEDENCE.get(token.spelling) : undefined
    if (precedence === undefined || precedence < lowest) return left
    cursor.next()
    left = { kind: 'binary', operator: token.spelling, left, right: readBinary(reader, precedence + 1), span: token }
  }
}

function readCast(reader: Reader): Node {
  const { cursor } = reader
  const token = cursor.peek()
  if (cursor.is('(')) return cursor.is('{', 1) ? readStatementExpression(reader) : readParenthesized(reader)
  if (token.kind === 'punctuator' && PREFIX.has(token.spelling)) {
    cursor.next()
    const operand = reader.nested(() => readCast(reader))
    return { kind: 'unary', operator: token.spelling, operand, span: token }
  }
  if (token.kind === 'punctuator' && (token.spelling === '++' || token.spelling === '--')) {
    cursor.next()
    reader.nested(() => readCast(reader))
    return { kind: 'unread', what: token.spelling, span: token }
  }
  return readPostfix(reader, readPrimary(reader))
}

/** A cast, a compound literal or an expression in parentheses. */
function readParenthesized(reader: Reader): Node {
  const { cursor } = reader
  const span = cursor.peek()
  if (!reader.startsType(1)) {
    cursor.next()
    const inner = readComma(reader)
    cursor.expect(')')
    return readPostfix(reader, inner)
  }
  cursor.next()
  const type = reader.typeName()
  cursor.expect(')')
  if (cursor.is('{')) return readPostfix(reader, { kind: 'literal', type, list: reader.list(), span })
  return { kind: 'cast', type, operand: reader.nested(() => readCast(reader)), span }
}

function readStatementExpression(reader: Reader): Node {
  const span = reader.cursor.peek()
  reader.cursor.skipOne()
  return readPostfix(reader, { kind: 'unread', what: 'a statement expression', span })
}

function readPrimary(reader: Reader): Node {
  const { cursor } = reader
  const token = cursor.peek()
  switch (token.kind) {
    case 'number':
      return readNumber(reader)
    case 'character':
      cursor.next()
      return { kind: 'number', value: readCharacter(token), type: INT, span: token }
    case 'string':
      return { kind: 'string', text: readStrings(cursor), span: token }
    case 'identifier': {
      cursor.next()
      const word = WORDS.get(token.spelling)
      return word === undefined ? { kind: 'name', name: token.spelling, span: token } : word(reader, token)
    }
    default:
      throw cursor.wrong('an expression')
  }
}

const FLOATING = /^(?:0[xX].*[pP]|(?!0[xX])[\d.]*(?:\.|[eE][-+]?\d))/

function readNumber(reader: Reader): Node {
  const token = reader.cursor.next()
  if (FLOATING.test(token.spelling)) return { kind: 'unread', what: 'a floating constant', span: token }
  return { kind: 'number', ...readInteger(token), span: token }
}

/** `[]`, `.`, `->` and calls after each other. */
const MOST_POSTFIX = 256

function readPostfix(reader: Reader, first: Node): Node {
  const { cursor } = reader
  let node = first
  for (let count = 0; ; count++) {
    const span = cursor.peek()
    if (span.kind !== 'punctuator') return node
    if (count > MOST_POSTFIX) throw errorAt(span, 'C_LIMIT', `more than ${MOST_POSTFIX} operators after an operand`)
    if (cursor.accept('[')) {
      node = { kind: 'index', array: node, index: readComma(reader), span }
      cursor.expect(']')
    } else if (cursor.accept('(')) node = { kind: 'call', callee: node, arguments: readArguments(reader), span }
    else if (span.spelling === '.' || span.spelling === '->') {
      cursor.next()
      node = { kind: 'member', record: node, name: cursor.expectName().spelling, arrow: span.spelling === '->', span }
    } else if (span.spelling === '++' || span.spelling === '--') {
      cursor.next()
      node = { kind: 'unread', what: span.spelling, span }
    } else return node
  }
}

function readArguments(reader: Reader): Node[] {
  const { cursor } = reader
  const found: Node[] = []
  if (cursor.accept(')')) return found
  do {
    // A type as an argument: of a builtin that is not read.
    if (reader.startsType() && !cursor.is('{', 1)) {
      const span = cursor.peek()
      reader.typeName()
      found.push({ kind: 'unread', what: 'a type as an argument', span })
    } else found.push(readExpression(reader))
  } while (cursor.accept(','))
  cursor.expect(')')
  return found
}

function readSize(reader: Reader, span: Token, of: 'size' | 'alignment'): Node {
  const { cursor } = reader
  if (!cursor.is('(') || !reader.startsType(1)) {
    return { kind: 'size', of, type: undefined, operand: reader.nested(() => readCast(reader)), span }
  }
  const open = cursor.next()
  const type = reader.typeName()
  cursor.expect(')')
  if (!cursor.is('{')) return { kind: 'size', of, type, operand: undefined, span }
  const operand = readPostfix(reader, { kind: 'literal', type, list: reader.list(), span: open })
  return { kind: 'size', of, type: undefined, operand, span }
}

function readOffset(reader: Reader, span: Token): Node {
  const { cursor } = reader
  cursor.expect('(')
  const type = reader.typeName()
  cursor.expect(',')
  const name = cursor.expectName()
  const designators: Designator[] = [{ kind: 'member', name: name.spelling, span: name }, ...reader.designators()]
  cursor.expect(')')
  return { kind: 'offset', type, designators, span }
}

function readCompatible(reader: Reader, span: Token): Node {
  const { cursor } = reader
  cursor.expect('(')
  const first = reader.typeName()
  cursor.expect(',')
  const second = reader.typeName()
  cursor.expect(')')
  return { kind: 'compatible', types: [first, second], span }
}

function skipped(reader: Reader, span: Token, what: string): Node {
  reader.cursor.skipOne()
  return { kind: 'unread', what, span }
}

/** What stands in braces (C11 6.7.9), not yet matched to a type. */
export function readList(reader: Reader): ListNode {
  const { cursor } = reader
  const span = cursor.expect('{')
  const items: ListItem[] = []
  reader.nested(() => {
    while (!cursor.accept('}')) {
      const designators = readFieldName(reader) ?? readDesignation(reader)
      items.push({ designators, initializer: readInitializer(reader) })
      if (!cursor.accept(',') && !cursor.is('}')) throw cursor.wrong(', or }')
    }
  })
  return { kind: 'list', items, span }
}

function readDesignation(reader: Reader): Designator[] {
  const designators = reader.designators()
  // GNU C leaves the = out after an index.
  if (designators.length > 0 && !reader.cursor.accept('=') && designators.at(-1)?.kind === 'member') {
    throw reader.cursor.wrong('=')
  }
  return designators
}

/** GNU's old `name: value`. */
function readFieldName(reader: Reader): Designator[] | undefined {
  const { cursor } = reader
  const name = cursor.peek()
  if (name.kind !== 'identifier' || !cursor.is(':', 1)) return undefined
  cursor.at += 2
  return [{ kind: 'member', name: name.spelling, span: name }]
}

export function readInitializer(reader: Reader): Node | ListNode {
  return reader.cursor.is('{') ? readList(reader) : readExpression(reader)
}

/** `.name`, `[index]`, `[first ... last]`, as many as there are. */
export function readDesignators(reader: Reader): Designator[] {
  const { cursor } = reader
  const found: Designator[] = []
  for (;;) {
    const span = cursor.peek()
    if (cursor.accept('.')) found.push({ kind: 'member', name: cursor.expectName().spelling, span })
    else if (cursor.accept('[')) {
      const first = readExpression(reader)
      const last = cursor.accept('...') ? readExpression(reader) : undefined
      cursor.expect(']')
      found.push({ kind: 'index', first, last, span })
    } else return found
  }
}

/** A whole text that is one expression. @throws CSourceError C_SYNTAX */
export function readWholeExpression(reader: Reader): Node {
  const node = readComma(reader)
  if (reader.cursor.atEnd) return node
  const got = reader.cursor.peek()
  throw errorAt(spanOf(got), 'C_SYNTAX', 'an expression that goes on', { got: got.spelling })
}
