import { spanOf } from '../lexer/token.ts'
import type { AsmOperand, AsmStatement } from '../translation-unit.ts'
import { readStrings } from './attributes.ts'
import { isAsmWord } from './declarator.ts'
import type { Reader } from './reader.ts'

const QUALIFIERS: ReadonlySet<string> = new Set([
  'volatile',
  '__volatile__',
  '__volatile',
  'inline',
  '__inline',
  '__inline__',
])

/**
 * The body of a function, from its opening brace on, when it is nothing but asm statements; the cursor then stands behind
 * it. Undefined, and the cursor where it was, for any other body.
 *
 * @throws CSourceError C_SYNTAX in an asm statement
 */
export function readAsmBody(reader: Reader): AsmStatement[] | undefined {
  const { cursor } = reader
  const start = cursor.at
  const statements: AsmStatement[] = []
  cursor.expect('{')
  while (!cursor.accept('}')) {
    if (cursor.accept(';')) continue
    const statement = isAsmWord(cursor.peek()) ? readStatement(reader) : undefined
    if (statement === undefined) {
      cursor.at = start
      return undefined
    }
    statements.push(statement)
  }
  if (statements.length > 0) return statements
  cursor.at = start
  return undefined
}

/** `asm volatile (template : outputs : inputs : clobbers);` asm goto jumps into C, and is none of these. */
function readStatement(reader: Reader): AsmStatement | undefined {
  const { cursor } = reader
  const span = spanOf(cursor.next())
  while (QUALIFIERS.has(cursor.peek().spelling)) cursor.next()
  if (cursor.is('goto')) return undefined
  cursor.expect('(')
  const template = readStrings(cursor)
  const outputs = cursor.accept(':') ? readOperands(reader) : []
  const inputs = cursor.accept(':') ? readOperands(reader) : []
  const clobbers = cursor.accept(':') ? readClobbers(reader) : []
  cursor.expect(')')
  cursor.expect(';')
  return { template, outputs, inputs, clobbers, span }
}

function readOperands(reader: Reader): AsmOperand[] {
  const { cursor } = reader
  const operands: AsmOperand[] = []
  while (!cursor.is(':') && !cursor.is(')')) {
    operands.push(readOperand(reader))
    if (!cursor.accept(',')) break
  }
  return operands
}

/** `[name]"constraint"(expression)`. */
function readOperand(reader: Reader): AsmOperand {
  const { cursor } = reader
  let name = ''
  if (cursor.accept('[')) {
    name = cursor.expectName().spelling
    cursor.expect(']')
  }
  const constraint = readStrings(cursor)
  cursor.expect('(')
  const expression = reader.expression()
  cursor.expect(')')
  return { name, constraint, expression }
}

function readClobbers(reader: Reader): string[] {
  const { cursor } = reader
  const clobbers: string[] = []
  while (cursor.peek().kind === 'string') {
    clobbers.push(readStrings(cursor))
    if (!cursor.accept(',')) break
  }
  return clobbers
}
