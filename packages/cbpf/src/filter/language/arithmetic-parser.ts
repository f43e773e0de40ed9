import type { ArithmeticName, ComparisonName } from '../opcodes.ts'
import type { Arithmetic, Primitive } from './syntax-tree.ts'
import type { TokenReader } from './token-reader.ts'

/** Binds an operand on its left from any operator before it. */
const TIGHTEST = 100

/**
 * Operators by how tight they bind what stands on their left, and on their right. `%` and `^` have no rank in libpcap's
 * grammar: they take the operand on their left alone, and all that follows on their right.
 */
// biome-ignore format: table
const OPERATORS: Readonly<Record<string, { readonly name: ArithmeticName; readonly left: number; readonly right: number }>> = {
  '|':  { name: 'OR',  left: 1, right: 2 },
  '&':  { name: 'AND', left: 2, right: 3 },
  '<<': { name: 'LSH', left: 3, right: 4 },
  '>>': { name: 'RSH', left: 3, right: 4 },
  '+':  { name: 'ADD', left: 4, right: 5 },
  '-':  { name: 'SUB', left: 4, right: 5 },
  '*':  { name: 'MUL', left: 5, right: 6 },
  '/':  { name: 'DIV', left: 5, right: 6 },
  '%':  { name: 'MOD', left: TIGHTEST, right: 0 },
  '^':  { name: 'XOR', left: TIGHTEST, right: 0 },
}
/** Of a sign before an operand. */
const NEGATION = 7

/** Relations as comparisons that jump, or don't where they are inverted. */
// biome-ignore format: table
const RELATIONS: Readonly<Record<string, { readonly comparison: ComparisonName; readonly inverted: boolean }>> = {
  '>':  { comparison: 'JGT', inverted: false },
  '>=': { comparison: 'JGE', inverted: false },
  '=':  { comparison: 'JEQ', inverted: false },
  '<=': { comparison: 'JGT', inverted: true },
  '<':  { comparison: 'JGE', inverted: true },
  '!=': { comparison: 'JEQ', inverted: true },
}

/** A number stands on the left of what comes next: of an operator or a relation. */
export function continuesArithmetic(reader: TokenReader, ahead: number): boolean {
  const token = reader.peek(ahead)
  return token.kind === 'sign' && (token.sign in OPERATORS || token.sign in RELATIONS)
}

/** `ip[0] & 0xf > 5` */
export function parseRelation(reader: TokenReader): Primitive & { readonly at: number } {
  const { at } = reader.peek()
  const left = parseArithmetic(reader, 0)
  const token = reader.peek()
  const relation = token.kind === 'sign' ? RELATIONS[token.sign] : undefined
  if (relation === undefined) throw reader.unexpected('a comparison')
  reader.take()
  return { kind: 'relation', ...relation, left, right: parseArithmetic(reader, 0), at }
}

/** Operands, and operators that bind tighter than `least`. */
function parseArithmetic(reader: TokenReader, least: number): Arithmetic {
  return reader.nested(() => {
    let left = parseOperand(reader)
    let links = 0
    for (;;) {
      const token = reader.peek()
      const operator = token.kind === 'sign' ? OPERATORS[token.sign] : undefined
      if (operator === undefined || operator.left < least) return left
      if (++links > MAX_LINKS) throw tooLong(reader)
      reader.take()
      left = {
        kind: 'binary',
        operator: operator.name,
        left,
        right: parseArithmetic(reader, operator.right),
        at: token.at,
      }
    }
  })
}

/** Operators in one row: the tree becomes as deep. */
const MAX_LINKS = 1000

function tooLong(reader: TokenReader): Error {
  return reader.source.error('CBPF_FILTER_LIMIT', reader.peek().at, 'the computation is too long', {
    expected: `at most ${MAX_LINKS} operators in a row`,
  })
}

function parseOperand(reader: TokenReader): Arithmetic {
  const token = reader.peek()
  if (token.kind === 'number') {
    reader.take()
    return { kind: 'number', value: token.value }
  }
  if (token.kind === 'protocol') return parseLoad(reader)
  if (reader.skipWord('len')) return { kind: 'length' }
  if (reader.skipSign('-')) return { kind: 'negate', operand: parseArithmetic(reader, NEGATION) }
  if (!reader.skipSign('(')) throw reader.unexpected('a number, a packet field, or "len"')
  const inner = parseArithmetic(reader, 0)
  reader.expectSign(')')
  return inner
}

/** `tcp[12:2]` */
function parseLoad(reader: TokenReader): Arithmetic {
  const { at } = reader.peek()
  const protocol = reader.protocol() ?? 'default'
  reader.take()
  reader.expectSign('[')
  const index = parseArithmetic(reader, 0)
  const bytes = reader.skipSign(':') ? reader.expectNumber() : 1
  reader.expectSign(']')
  return { kind: 'load', protocol, index, bytes, at }
}
