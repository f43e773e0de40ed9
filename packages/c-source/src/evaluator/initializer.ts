import type { SourceSpan } from '@bpfoundry/diagnostics'
import { CSourceError, errorAt } from '../c-source-error.ts'
import type { CArray, CMember, CRecord, CType } from '../c-type.ts'
import type { CValue } from '../c-value.ts'
import { spanOf } from '../lexer/token.ts'
import type { Designator, ListItem, ListNode, Node } from '../parser/syntax-tree.ts'
import { wrap } from '../types/integer-types.ts'
import { bare, findMember, integerOf, isRecord } from '../types/type-queries.ts'
import { convert, resultOf, type Value } from './value.ts'

/** What initialising needs of expressions. */
export interface Evaluating {
  /** The value, no place but for an object of a record or array type. */
  value(node: Node): Value
  integer(node: Node): bigint
}

/** Elements of an array that may be named: the kernel's largest tables have a million. */
const MOST_ELEMENTS = 1 << 22
/** Elements that `[first ... last]` may fill. */
const MOST_FILLED = 1 << 20

/** Items of a brace that are still to be used. */
interface Items {
  readonly list: readonly ListItem[]
  at: number
}

/** Told of an element of the outermost array that can't be read; it is left out, and the rest is read. */
export type Unread = (error: CSourceError, index: number) => void

/** A record that is being filled; members of anonymous ones are among its fields. */
type Fields = Map<string, CValue>

/** Matches initialisers to types as C11 6.7.9 says, with GNU's ranges. */
export class Initializer {
  readonly #evaluating: Evaluating

  constructor(evaluating: Evaluating) {
    this.#evaluating = evaluating
  }

  /** @throws CSourceError C_VALUE, C_NAME, C_LIMIT */
  value(type: CType, initializer: Node | ListNode, unread?: Unread): CValue {
    return initializer.kind === 'list' ? this.#braced(type, initializer, unread) : this.#single(type, initializer)
  }

  #braced(type: CType, list: ListNode, unread?: Unread): CValue {
    const plain = bare(type)
    const items = { list: list.items, at: 0 }
    const first = list.items[0]
    if (isRecord(plain)) return this.#recordList(plain, items, list.span)
    if (plain.kind === 'array') {
      const string = list.items.length === 1 && first !== undefined ? this.#string(plain, first.initializer) : undefined
      return string ?? this.#arrayList(plain, items, list.span, unread)
    }
    if (first === undefined) return { kind: 'number', value: 0n }
    if (list.items.length > 1) throw errorAt(list.span, 'C_VALUE', 'one value is wanted, a list is given')
    return this.value(type, first.initializer)
  }

  #recordList(record: CRecord, items: Items, span: SourceSpan): CValue {
    if (record.members === undefined) {
      throw errorAt(span, 'C_NAME', `${record.kind} ${record.tag} is declared but not defined`)
    }
    const fields: Fields = new Map()
    this.#fillRecord(record, items, fields, 0, true)
    this.#refuseExcess(items)
    return { kind: 'fields', fields, span: spanOf(span) }
  }

  #arrayList(array: CArray, items: Items, span: SourceSpan, unread?: Unread): CValue {
    const elements: (CValue | undefined)[] = []
    this.#fillArray(array, items, elements, 0, true, unread)
    this.#refuseExcess(items)
    return { kind: 'list', elements, span: spanOf(span) }
  }

  #refuseExcess(items: Items): void {
    const item = items.list[items.at]
    if (item !== undefined) throw errorAt(item.initializer.span, 'C_VALUE', 'more values than the type has members')
  }

  /** One expression for a whole object. */
  #single(type: CType, node: Node): CValue {
    const plain = bare(type)
    if (plain.kind === 'array') {
      const string = this.#string(plain, node)
      if (string !== undefined) return string
    }
    const value = this.#evaluating.value(node)
    if ((isRecord(plain) || plain.kind === 'array') && value.kind === 'place') return resultOf(value, node.span)
    if (isRecord(plain) || plain.kind === 'array') {
      if (value.kind === 'pointer' && value.base.kind === 'object') return resultOf(value, node.span)
      throw errorAt(node.span, 'C_VALUE', `a ${plain.kind} needs a brace`)
    }
    return resultOf(convert(value, type, node.span), node.span)
  }

  /** A string literal for an array of characters. */
  #string(array: CArray, initializer: Node | ListNode): CValue | undefined {
    const element = integerOf(array.element)
    if (initializer.kind !== 'string' || element?.sizeBytes !== 1) return undefined
    const text = array.length === undefined ? initializer.text : initializer.text.slice(0, array.length)
    return { kind: 'string', text }
  }

  /** Members from `index` on, until the items end, or (without braces of its own) the members do. */
  #fillRecord(record: CRecord, items: Items, fields: Fields, from: number, braced: boolean): void {
    const members = record.members ?? []
    let index = from
    while (items.at < items.list.length) {
      const { designators, initializer } = items.list[items.at] as ListItem
      if (designators.length > 0) {
        if (!braced) return
        index = this.#designated(record, items, fields, designators)
        continue
      }
      const member = nextMember(members, index)
      if (member === undefined) {
        if (braced)
          throw errorAt(initializer.span, 'C_VALUE', `more values than ${record.kind} ${record.tag} has members`)
        return
      }
      this.#member(record, members[member] as CMember, items, fields)
      index = record.kind === 'union' ? members.length : member + 1
    }
  }

  #member(record: CRecord, member: CMember, items: Items, fields: Fields): void {
    const inner = bare(member.type)
    if (record.kind === 'union') clearOthers(record, member, fields)
    if (member.name !== '' || !isRecord(inner)) {
      fields.set(member.name, this.#element(member.type, items, member.widthBits))
      return
    }
    const item = items.list[items.at] as ListItem
    if (item.initializer.kind === 'list') {
      items.at++
      this.#fillRecord(inner, { list: item.initializer.items, at: 0 }, fields, 0, true)
    } else this.#fillRecord(inner, items, fields, 0, false)
  }

  /** @returns the index of the member to go on with */
  #designated(record: CRecord, items: Items, fields: Fields, designators: readonly Designator[]): number {
    const [first, ...rest] = designators as [Designator, ...Designator[]]
    if (first.kind !== 'member') throw errorAt(first.span, 'C_VALUE', `${record.kind} ${record.tag} has no elements`)
    const found = findMember(record, first.name)
    if (found === undefined) {
      throw errorAt(first.span, 'C_NAME', `${record.kind} ${record.tag} has no member ${first.name}`)
    }
    clearPath(record, found.path, fields)
    this.#designate(found.member, rest, items, fields)
    this.#goOn(record, found.path, items, fields)
    return record.kind === 'union' ? (record.members?.length ?? 0) : (found.path[0] as number) + 1
  }

  #designate(member: CMember, rest: readonly Designator[], items: Items, fields: Fields): void {
    const earlier = fields.get(member.name)
    fields.set(member.name, this.#nested(member.type, earlier, rest, items, member.widthBits))
  }

  /** After a member of an anonymous record, its later members come before the outer record's. */
  #goOn(record: CRecord, path: readonly number[], items: Items, fields: Fields): void {
    const [first, ...rest] = path
    const inner = bare((record.members as readonly CMember[])[first as number]?.type as CType)
    if (rest.length === 0 || !isRecord(inner)) return
    this.#goOn(inner, rest, items, fields)
    if (inner.kind === 'struct') this.#fillRecord(inner, items, fields, (rest[0] as number) + 1, false)
  }

  /** What further designators name within an object, kept as far as it was given before. */
  #nested(
    type: CType,
    earlier: CValue | undefined,
    designators: readonly Designator[],
    items: Items,
    widthBits?: number,
  ): CValue {
    if (designators.length === 0) return this.#element(type, items, widthBits)
    const plain = bare(type)
    const span = spanOf((designators[0] as Designator).span)
    if (isRecord(plain)) {
      const fields: Fields = new Map(earlier?.kind === 'fields' ? earlier.fields : [])
      const next = this.#designated(plain, items, fields, designators)
      this.#fillRecord(plain, items, fields, next, false)
      return { kind: 'fields', fields, span: earlier?.kind === 'fields' ? earlier.span : span }
    }
    if (plain.kind !== 'array') throw errorAt(span, 'C_VALUE', 'the designator names a part of what has none')
    const elements = earlier?.kind === 'list' ? [...earlier.elements] : []
    const next = this.#designatedElement(plain, items, elements, designators)
    this.#fillArray(plain, items, elements, next, false)
    return { kind: 'list', elements, span: earlier?.kind === 'list' ? earlier.span : span }
  }

  #fillArray(
    array: CArray,
    items: Items,
    elements: (CValue | undefined)[],
    from: number,
    braced: boolean,
    unread?: Unread,
  ): void {
    let index = from
    while (items.at < items.list.length) {
      const { designators, initializer } = items.list[items.at] as ListItem
      if (designators.length > 0 && !braced) return
      if (designators.length === 0 && index >= (array.length ?? MOST_ELEMENTS)) {
        if (braced) throw errorAt(initializer.span, 'C_VALUE', `more values than the array's ${array.length} elements`)
        return
      }
      index = this.#nextElement(array, items, elements, index, unread)
    }
  }

  /** @returns the index to go on with */
  #nextElement(
    array: CArray,
    items: Items,
    elements: (CValue | undefined)[],
    index: number,
    unread: Unread | undefined,
  ): number {
    const start = items.at
    const { designators } = items.list[start] as ListItem
    try {
      if (designators.length > 0) return this.#designatedElement(array, items, elements, designators)
      elements[index] = this.#element(array.element, items)
    } catch (error) {
      if (unread === undefined || !(error instanceof CSourceError)) throw error
      unread(error, index)
      elements[index] = undefined
      items.at = start + 1
    }
    return index + 1
  }

  /** @returns the index to go on with */
  #designatedElement(
    array: CArray,
    items: Items,
    elements: (CValue | undefined)[],
    designators: readonly Designator[],
  ): number {
    const [first, ...rest] = designators as [Designator, ...Designator[]]
    if (first.kind !== 'index') throw errorAt(first.span, 'C_VALUE', `an array has no member ${first.name}`)
    const from = this.#index(first.first, array)
    const to = first.last === undefined ? from : this.#index(first.last, array)
    if (to < from) throw errorAt(first.span, 'C_VALUE', 'a range that ends before it begins')
    if (to - from >= MOST_FILLED) throw errorAt(first.span, 'C_LIMIT', `a range of more than ${MOST_FILLED} elements`)
    const value = this.#nested(array.element, elements[from], rest, items)
    for (let index = from; index <= to; index++) elements[index] = value
    return to + 1
  }

  #index(node: Node, array: CArray): number {
    const index = this.#evaluating.integer(node)
    const length = BigInt(array.length ?? MOST_ELEMENTS)
    if (index >= 0n && index < length && index < MOST_ELEMENTS) return Number(index)
    throw errorAt(node.span, 'C_VALUE', 'an index that the array does not have', { got: String(index) })
  }

  /** The next item or items for one member or element: without braces, a record takes as many as it has members. */
  #element(type: CType, items: Items, widthBits?: number): CValue {
    const { initializer } = items.list[items.at] as ListItem
    const plain = bare(type)
    if (initializer.kind !== 'list' && this.#elides(plain, initializer)) {
      // The designator of this item is used up: what follows is as if within braces.
      const inner = { list: undesignated(items), at: items.at }
      const value = this.#elided(plain as CRecord | CArray, inner, initializer.span)
      items.at = Math.max(inner.at, items.at + 1)
      return value
    }
    items.at++
    const value = this.value(type, initializer)
    if (widthBits === undefined || value.kind !== 'number') return value
    const integer = integerOf(type)
    return integer === undefined ? value : { kind: 'number', value: wrap(value.value, integer, widthBits) }
  }

  #elides(plain: CType, initializer: Node): boolean {
    if (plain.kind === 'array') return this.#string(plain, initializer) === undefined && !this.#isObject(initializer)
    return isRecord(plain) && !this.#isObject(initializer)
  }

  #isObject(initializer: Node): boolean {
    const value = this.#evaluating.value(initializer)
    return value.kind === 'place' || (value.kind === 'opaque' && isRecord(bare(value.type)))
  }

  #elided(plain: CRecord | CArray, items: Items, span: SourceSpan): CValue {
    if (plain.kind === 'array') {
      const elements: (CValue | undefined)[] = []
      this.#fillArray(plain, items, elements, 0, false)
      return { kind: 'list', elements, span: spanOf(span) }
    }
    const fields: Fields = new Map()
    this.#fillRecord(plain, items, fields, 0, false)
    return { kind: 'fields', fields, span: spanOf(span) }
  }
}

function undesignated({ list, at }: Items): readonly ListItem[] {
  const item = list[at] as ListItem
  if (item.designators.length === 0) return list
  return list.with(at, { ...item, designators: [] })
}

/** The next member that takes a value: bit-fields without a name take none. */
function nextMember(members: readonly CMember[], from: number): number | undefined {
  for (let index = from; index < members.length; index++) {
    const member = members[index] as CMember
    if (member.name !== '' || isRecord(bare(member.type))) return index
  }
  return undefined
}

/** In a union only one member holds a value. */
function clearOthers(union: CRecord, kept: CMember, fields: Fields): void {
  for (const member of union.members ?? []) {
    if (member !== kept) forget(member, fields)
  }
}

function forget(member: CMember, fields: Fields): void {
  const inner = bare(member.type)
  if (member.name !== '') fields.delete(member.name)
  else if (isRecord(inner)) for (const each of inner.members ?? []) forget(each, fields)
}

function clearPath(record: CRecord, [first, ...rest]: readonly number[], fields: Fields): void {
  const member = record.members?.[first as number]
  if (member === undefined) return
  if (record.kind === 'union') clearOthers(record, member, fields)
  const inner = bare(member.type)
  if (rest.length > 0 && isRecord(inner)) clearPath(inner, rest, fields)
}
