import { CSourceError } from '../c-source-error.ts'
import type { CValue } from '../c-value.ts'
import { spanOf } from '../lexer/token.ts'
import { unescaped } from '../literals/escapes.ts'
import type { Attribute } from '../translation-unit.ts'
import type { Reader } from './reader.ts'
import type { TokenCursor } from './token-cursor.ts'

const ATTRIBUTE: ReadonlySet<string> = new Set(['__attribute__', '__attribute'])

/** What `aligned` without a number means to clang and gcc, whatever __BIGGEST_ALIGNMENT__ says. */
const LARGEST_ALIGNMENT_BYTES = 16

/** All attributes that follow: GNU's; C23's `[[...]]` are skipped. @throws CSourceError C_SYNTAX */
export function readAttributes(reader: Reader): Attribute[] {
  const { cursor } = reader
  const found: Attribute[] = []
  for (;;) {
    if (ATTRIBUTE.has(cursor.peek().spelling)) {
      cursor.next()
      cursor.expect('(')
      cursor.expect('(')
      readList(reader, found)
      cursor.expect(')')
    } else if (cursor.is('[') && cursor.is('[', 1)) cursor.skipOne()
    else return found
  }
}

function readList(reader: Reader, found: Attribute[]): void {
  const { cursor } = reader
  while (!cursor.accept(')')) {
    if (cursor.accept(',')) continue
    const name = cursor.expectName()
    const values = cursor.is('(') ? readArguments(reader) : []
    // `__aligned__` and `aligned` are the same.
    found.push({ name: name.spelling.replace(/^__(.+)__$/, '$1'), arguments: values, span: spanOf(name) })
  }
}

/** Constants and strings; what else there is (names of modes and formats) is left out. */
function readArguments(reader: Reader): CValue[] {
  const { cursor } = reader
  const start = cursor.at
  cursor.skipOne()
  const end = cursor.at
  const values: CValue[] = []
  cursor.at = start + 1
  while (cursor.at < end - 1) {
    const value = attempt(() => readArgument(reader))
    if (value !== undefined) values.push(value)
    while (cursor.at < end - 1 && !cursor.accept(',')) cursor.skipOne()
  }
  cursor.at = end
  return values
}

function readArgument(reader: Reader): CValue {
  if (reader.cursor.peek().kind === 'string') return { kind: 'string', text: readStrings(reader.cursor) }
  return { kind: 'number', value: reader.evaluator.integer(reader.expression()) }
}

function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof CSourceError && error.code !== 'C_LIMIT') return undefined
    throw error
  }
}

/** Adjacent strings, joined, escapes resolved (C11 6.4.5). @throws CSourceError C_SYNTAX, C_TOKEN */
export function readStrings(cursor: TokenCursor): string {
  if (cursor.peek().kind !== 'string') throw cursor.wrong('a string')
  let text = ''
  while (cursor.peek().kind === 'string') text += unescaped(cursor.next())
  return text
}

export function isPacked(attributes: readonly Attribute[]): boolean {
  return attributes.some(({ name }) => name === 'packed')
}

/** The largest of the `aligned` attributes in bytes; undefined without one. */
export function alignmentOf(attributes: readonly Attribute[]): number | undefined {
  const found = attributes
    .filter(({ name }) => name === 'aligned')
    .map(({ arguments: [value] }) => (value?.kind === 'number' ? Number(value.value) : LARGEST_ALIGNMENT_BYTES))
    .filter((bytes) => Number.isInteger(Math.log2(bytes)))
  return found.length === 0 ? undefined : Math.max(...found)
}

/** The texts of attributes of a name: of btf_decl_tag, of btf_type_tag. */
export function textsOf(attributes: readonly Attribute[], name: string): string[] {
  return attributes.flatMap((attribute) => {
    const [value] = attribute.arguments
    return attribute.name === name && value?.kind === 'string' ? [value.text] : []
  })
}
