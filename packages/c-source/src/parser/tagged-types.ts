import type { SourceSpan } from '@bpfoundry/diagnostics'
import { errorAt } from '../c-source-error.ts'
import type { CEnum, CRecord, CType } from '../c-type.ts'
import type { Token } from '../lexer/token.ts'
import type { Attribute } from '../translation-unit.ts'
import { INT, wrap } from '../types/integer-types.ts'
import { type DeclaredMember, layOut } from '../types/record-layout.ts'
import { bare, integerOf, isRecord } from '../types/type-queries.ts'
import { alignmentOf, isPacked } from './attributes.ts'
import type { Reader, Specifiers } from './reader.ts'
import { readStaticAssertion } from './static-assertion.ts'

/** What follows `struct` or `union`. @throws CSourceError C_SYNTAX, C_NAME */
export function readRecord(reader: Reader, kind: 'struct' | 'union', keyword: Token): CRecord {
  const { cursor } = reader
  const before = reader.attributes()
  const tag = cursor.peek().kind === 'identifier' ? cursor.next() : undefined
  if (!cursor.is('{')) {
    if (tag === undefined) throw cursor.wrong('a tag or a brace')
    return declared(reader, kind, tag)
  }
  const record = tag === undefined ? emptyRecord(kind, '') : declared(reader, kind, tag)
  const redefinable = reader.scope.redefinable.delete(record)
  if (record.members !== undefined && !redefinable)
    throw errorAt(tag ?? keyword, 'C_NAME', `${kind} ${record.tag} is defined twice`)
  cursor.next()
  const members = reader.nested(() => readMembers(reader))
  const attributes = [...before, ...reader.attributes()]
  layOut(record, members, { packed: isPacked(attributes), ...aligned(attributes) })
  return record
}

function aligned(attributes: readonly Attribute[]): { alignmentBytes?: number } {
  const alignmentBytes = alignmentOf(attributes)
  return alignmentBytes === undefined ? {} : { alignmentBytes }
}

/** The record of a tag; a new one, only declared, where there is none. */
function declared(reader: Reader, kind: 'struct' | 'union', tag: Token): CRecord {
  const key = `${kind} ${tag.spelling}`
  const known = reader.scope.tags.get(key)
  if (known !== undefined && isRecord(known)) return known
  const record = emptyRecord(kind, tag.spelling)
  reader.scope.tags.set(key, record)
  return record
}

function emptyRecord(kind: 'struct' | 'union', tag: string): CRecord {
  return { kind, tag, members: undefined, sizeBytes: 0, alignmentBytes: 1 }
}

function readMembers(reader: Reader): DeclaredMember[] {
  const { cursor } = reader
  const members: DeclaredMember[] = []
  while (!cursor.accept('}')) {
    if (cursor.atEnd) throw cursor.wrong('}')
    if (cursor.accept(';') || readStaticAssertion(reader)) continue
    readMemberDeclaration(reader, members)
  }
  return members
}

function readMemberDeclaration(reader: Reader, members: DeclaredMember[]): void {
  const { cursor } = reader
  const place = cursor.peek()
  const specifiers = reader.specifiers()
  if (cursor.accept(';')) {
    // An anonymous struct or union, or (-fms-extensions) a tagged one; an enum or another type declares no member.
    if (isRecord(bare(specifiers.type))) members.push(memberOf(specifiers, '', specifiers.type, [], place))
    return
  }
  do members.push(readMember(reader, specifiers, place))
  while (cursor.accept(','))
  cursor.expect(';')
}

function readMember(reader: Reader, specifiers: Specifiers, place: Token): DeclaredMember {
  const { cursor } = reader
  const unnamed = cursor.is(':')
  const declarator = unnamed
    ? { name: undefined, type: specifiers.type, attributes: [] }
    : reader.declarator(specifiers)
  if (!unnamed && declarator.name === undefined) throw cursor.wrong('the name of a member')
  const widthBits = cursor.accept(':') ? readWidth(reader, declarator.type) : undefined
  const attributes = [...declarator.attributes, ...reader.attributes()]
  const member = memberOf(specifiers, declarator.name?.spelling ?? '', declarator.type, attributes, place)
  return widthBits === undefined ? member : { ...member, widthBits }
}

function memberOf(
  specifiers: Specifiers,
  name: string,
  type: CType,
  attributes: readonly Attribute[],
  span: SourceSpan,
): DeclaredMember {
  const all = [...specifiers.attributes, ...attributes]
  return { name, type, packed: isPacked(all), ...aligned(all), span }
}

function readWidth(reader: Reader, type: CType): number {
  const place = reader.cursor.peek()
  const width = reader.evaluator.integer(reader.expression())
  const whole = integerOf(type)
  if (whole === undefined || width < 0n || width > BigInt(8 * whole.sizeBytes)) {
    throw errorAt(place, 'C_VALUE', 'the width of a bit-field is beyond its type', { got: String(width) })
  }
  return Number(width)
}

/** What follows `enum`. @throws CSourceError C_SYNTAX, C_NAME */
export function readEnum(reader: Reader, keyword: Token): CEnum {
  const { cursor, scope } = reader
  const before = reader.attributes()
  const tag = cursor.peek().kind === 'identifier' ? cursor.next().spelling : ''
  const underlying = cursor.accept(':') ? integerOf(reader.typeName()) : undefined
  const key = `enum ${tag}`
  const known = scope.tags.get(key)
  if (!cursor.accept('{')) {
    if (known?.kind === 'enum') return known
    if (tag === '') throw cursor.wrong('a tag or a brace')
    // Only declared: gcc and clang take it for an int when it is used before its definition.
    return { kind: 'enum', tag, enumerators: [], sizeBytes: 4, signed: false }
  }
  if (known !== undefined && tag !== '') throw errorAt(keyword, 'C_NAME', `${key} is defined twice`)
  const enumerators = readEnumerators(reader)
  const attributes = [...before, ...reader.attributes()]
  const { sizeBytes, signed } = underlying ?? enumSize(enumerators, isPacked(attributes))
  const type: CEnum = { kind: 'enum', tag, enumerators, sizeBytes, signed }
  if (tag !== '') scope.tags.set(key, type)
  for (const { name, value } of enumerators) scope.enumerators.set(name, { type, value })
  return type
}

function readEnumerators(reader: Reader): { name: string; value: bigint }[] {
  const { cursor, scope } = reader
  const found: { name: string; value: bigint }[] = []
  let next = 0n
  while (!cursor.accept('}')) {
    const name = cursor.expectName()
    reader.attributes()
    const value = cursor.accept('=') ? reader.evaluator.integer(reader.expression()) : next
    found.push({ name: name.spelling, value })
    // Later ones of the same list may use it.
    scope.enumerators.set(name.spelling, { type: provisional(value), value })
    next = value + 1n
    if (!cursor.accept(',') && !cursor.is('}')) throw cursor.wrong(', or }')
  }
  return found
}

function provisional(value: bigint): CEnum {
  return { kind: 'enum', tag: '', enumerators: [], ...enumSize([{ value }], false) }
}

/** The smallest type of clang and gcc that holds all: unsigned int, int, unsigned long, long; packed also smaller. */
function enumSize(
  values: readonly { readonly value: bigint }[],
  packed: boolean,
): { sizeBytes: number; signed: boolean } {
  const signed = values.some(({ value }) => value < 0n)
  const sizes = packed ? [1, 2, 4, 8] : [INT.sizeBytes, 8]
  const fits = (sizeBytes: number): boolean =>
    values.every(({ value }) => wrap(value, { kind: 'integer', name: '', sizeBytes, signed }) === value)
  return { sizeBytes: sizes.find(fits) ?? 8, signed }
}
