import { CSourceError, errorAt } from '../c-source-error.ts'
import type { CFunctionType, CType } from '../c-type.ts'
import type { Token } from '../lexer/token.ts'
import type { Attribute } from '../translation-unit.ts'
import { bare, pointerTo } from '../types/type-queries.ts'
import { textsOf } from './attributes.ts'
import type { Declarator, Reader, Specifiers } from './reader.ts'

// biome-ignore format: table
const QUALIFIERS: ReadonlyMap<string, 'const' | 'volatile' | 'restrict'> = new Map([
  ['const', 'const'], ['__const', 'const'], ['__const__', 'const'],
  ['volatile', 'volatile'], ['__volatile', 'volatile'], ['__volatile__', 'volatile'],
  ['restrict', 'restrict'], ['__restrict', 'restrict'], ['__restrict__', 'restrict'],
])
const ASM: ReadonlySet<string> = new Set(['asm', '__asm', '__asm__'])
const MOST_ELEMENTS = 2n ** 40n

type Wrap = (type: CType) => CType

/** A declarator, with a name or without. @throws CSourceError C_SYNTAX, C_VALUE */
export function readDeclarator(reader: Reader, specifiers: Pick<Specifiers, 'type' | 'typeTags'>): Declarator {
  const found: Found = { name: undefined, attributes: [] }
  const wrap = reader.nested(() => readWrap(reader, found, specifiers.typeTags))
  const { cursor } = reader
  if (ASM.has(cursor.peek().spelling)) {
    // The name that the assembler knows it by.
    cursor.next()
    cursor.skipOne()
  }
  found.attributes.push(...reader.attributes())
  return { name: found.name, type: wrap(specifiers.type), attributes: found.attributes }
}

interface Found {
  name: Token | undefined
  readonly attributes: Attribute[]
}

/** Reads from the outside in: pointers, then what they are applied after. */
function readWrap(reader: Reader, found: Found, typeTags: readonly string[]): Wrap {
  const { cursor } = reader
  found.attributes.push(...reader.attributes())
  if (cursor.accept('*')) {
    const { wrap: qualify, tags } = readQualifiers(reader, found)
    const rest = reader.nested(() => readWrap(reader, found, tags))
    return (type) => rest(qualify({ kind: 'pointer', target: type, typeTags }))
  }
  let inner: Wrap = (type) => type
  if (cursor.is('(') && opensDeclarator(reader)) {
    cursor.next()
    inner = reader.nested(() => readWrap(reader, found, []))
    cursor.expect(')')
  } else if (cursor.peek().kind === 'identifier') found.name = cursor.next()
  const suffix = readSuffixes(reader)
  return (type) => inner(suffix(type))
}

function readQualifiers(reader: Reader, found: Found): { wrap: Wrap; tags: string[] } {
  const kinds: ('const' | 'volatile' | 'restrict')[] = []
  const tags: string[] = []
  for (;;) {
    const kind = QUALIFIERS.get(reader.cursor.peek().spelling)
    if (kind !== undefined) {
      reader.cursor.next()
      kinds.push(kind)
      continue
    }
    const attributes = reader.attributes()
    if (attributes.length === 0) break
    tags.push(...textsOf(attributes, 'btf_type_tag'))
    found.attributes.push(...attributes.filter(({ name }) => name !== 'btf_type_tag'))
  }
  return { wrap: (type) => kinds.reduce<CType>((target, kind) => ({ kind, target }), type), tags }
}

/** A parenthesis opens a declarator, not a list of parameters, before `*`, another one, or a name that is no type. */
function opensDeclarator(reader: Reader): boolean {
  const { cursor } = reader
  if (cursor.is('*', 1) || cursor.is('(', 1) || cursor.is('[', 1) || cursor.is('__attribute__', 1)) return true
  return cursor.peek(1).kind === 'identifier' && !reader.startsType(1)
}

function readSuffixes(reader: Reader): Wrap {
  const { cursor } = reader
  if (cursor.is('[') && !cursor.is('[', 1)) {
    cursor.next()
    const length = readLength(reader)
    const rest = reader.nested(() => readSuffixes(reader))
    return (type) => ({ kind: 'array', element: rest(type), length })
  }
  if (!cursor.is('(')) return (type) => type
  const { parameters, variadic } = reader.nested(() => readParameters(reader))
  const rest = readSuffixes(reader)
  return (type) => ({ kind: 'function', result: rest(type), parameters, variadic })
}

function readLength(reader: Reader): number | undefined {
  const { cursor } = reader
  while (cursor.is('static') || QUALIFIERS.has(cursor.peek().spelling)) cursor.next()
  if (cursor.accept(']')) return undefined
  const place = cursor.peek()
  if (cursor.is('*') && cursor.is(']', 1)) {
    cursor.at += 2
    return undefined
  }
  const length = reader.evaluator.integer(reader.expression())
  cursor.expect(']')
  if (length >= 0n && length <= MOST_ELEMENTS) return Number(length)
  throw errorAt(place, 'C_VALUE', 'an array can not have that many elements', { got: String(length) })
}

function readParameters(reader: Reader): Pick<CFunctionType, 'parameters' | 'variadic'> {
  const { cursor } = reader
  cursor.expect('(')
  const parameters: { name: string; type: CType }[] = []
  if (cursor.accept(')')) return { parameters, variadic: false }
  if (cursor.is('void') && cursor.is(')', 1)) {
    cursor.at += 2
    return { parameters, variadic: false }
  }
  for (;;) {
    if (cursor.accept('...')) {
      cursor.expect(')')
      return { parameters, variadic: true }
    }
    parameters.push(readParameter(reader))
    if (cursor.accept(')')) return { parameters, variadic: false }
    cursor.expect(',')
  }
}

/** Arrays and functions become pointers (C11 6.7.6.3); a length that is no constant, as `a[n]`, is of no interest. */
function readParameter(reader: Reader): { name: string; type: CType } {
  const { cursor } = reader
  const specifiers = reader.specifiers()
  const start = cursor.at
  try {
    const { name, type } = reader.declarator(specifiers)
    return { name: name?.spelling ?? '', type: adjusted(type) }
  } catch (error) {
    if (!(error instanceof CSourceError) || (error.code !== 'C_VALUE' && error.code !== 'C_NAME')) throw error
    const named = cursor.tokens[start]
    if (named?.kind !== 'identifier' || cursor.tokens[start + 1]?.spelling !== '[') throw error
    cursor.at = start + 1
    while (cursor.is('[')) cursor.skipOne()
    return { name: named.spelling, type: pointerTo(specifiers.type) }
  }
}

function adjusted(type: CType): CType {
  const plain = bare(type)
  if (plain.kind === 'array') return pointerTo(plain.element)
  return plain.kind === 'function' ? pointerTo(type) : type
}

/** The assembler's name and the like after a declarator are read with it; here only what asm statements share. */
export function isAsmWord(token: Token): boolean {
  return token.kind === 'identifier' && ASM.has(token.spelling)
}
