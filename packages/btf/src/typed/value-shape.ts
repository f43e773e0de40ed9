import type { Btf } from '../btf.ts'
import { BTF_INT_ENCODING, BTF_KIND } from '../btf-kind.ts'
import type { BtfArray, BtfComposite, BtfEnum, BtfMember } from '../btf-type.ts'
import { isBigEndian, isCharacter } from '../value-codec.ts'

/** A number in so many bytes: what programs of today call `number` up to 32 bits, and `bigint` beyond. */
export interface NumberShape {
  readonly kind: 'number' | 'bigint' | 'boolean' | 'float'
  readonly sizeBytes: number
  readonly signed: boolean
  readonly littleEndian: boolean
  /** The names that the number may have. */
  readonly enumeration?: BtfEnum
}

/** `char[n]`: text that ends at its first zero, or bytes where that would lose some. */
export interface TextShape {
  readonly kind: 'text'
  readonly sizeBytes: number
}

/** Bytes as they lie: an array of unsigned ones, and what can't be said better. */
export interface BytesShape {
  readonly kind: 'bytes'
  readonly sizeBytes: number
}

export interface ArrayShape {
  readonly kind: 'array'
  readonly sizeBytes: number
  readonly element: ValueShape
  readonly elementTypeId: number
  readonly length: number
}

/** A struct or union, its anonymous structs and unions dissolved in it as C does. */
export interface CompositeShape {
  readonly kind: 'composite'
  readonly sizeBytes: number
  readonly type: BtfComposite
  readonly members: readonly MemberShape[]
}

export interface MemberShape {
  readonly name: string
  readonly typeId: number
  readonly shape: ValueShape
  /** From the start of the struct. */
  readonly bitOffset: number
  /** Width of a bit-field; 0 for a plain member. */
  readonly bitfieldBits: number
  /** Of a union: others lie in the same place, so it need not be given. */
  readonly isAlternative: boolean
}

/** What values of a type are in JavaScript, and where they lie in memory. */
export type ValueShape = NumberShape | TextShape | BytesShape | ArrayShape | CompositeShape

/** Types within each other that are followed; what is deeper is bytes. */
const MAX_DEPTH = 64

/** Numbers that a struct may be read as; unions of unions would else make endlessly many of a byte. */
const [MOST_LEAVES, LEAVES_PER_BYTE] = [10_000, 64]

/** Widest number that is no bigint. */
const NUMBER_BITS = 32

/** The shapes of an object's types, each made once. */
export class ValueShapes {
  readonly btf: Btf
  readonly #little: boolean
  readonly #composites = new Map<number, ValueShape>()

  constructor(btf: Btf) {
    this.btf = btf
    this.#little = btf.byteOrder === 'little'
  }

  /**
   * @returns undefined for a type that has no values: void, functions, declarations
   * @throws {BtfError} BTF_TYPE_ID, BTF_CYCLE
   */
  of(typeId: number): ValueShape | undefined {
    return this.#of(typeId, 0)
  }

  #of(typeId: number, depth: number): ValueShape | undefined {
    const sizeBytes = this.btf.sizeOf(typeId)
    if (sizeBytes === undefined) return undefined
    const type = this.btf.resolve(typeId)
    if (depth > MAX_DEPTH) return { kind: 'bytes', sizeBytes }
    switch (type.kind) {
      case BTF_KIND.INT: {
        const signed = (type.encoding & BTF_INT_ENCODING.SIGNED) !== 0
        const littleEndian = this.#little && !isBigEndian(this.btf, typeId)
        const isBool = (type.encoding & BTF_INT_ENCODING.BOOL) !== 0
        return { kind: isBool ? 'boolean' : wholeNumber(sizeBytes), sizeBytes, signed, littleEndian }
      }
      case BTF_KIND.PTR:
        return { kind: wholeNumber(sizeBytes), sizeBytes, signed: false, littleEndian: this.#little }
      case BTF_KIND.ENUM:
      case BTF_KIND.ENUM64: {
        const { signed } = type
        return { kind: wholeNumber(sizeBytes), sizeBytes, signed, littleEndian: this.#little, enumeration: type }
      }
      case BTF_KIND.FLOAT:
        if (sizeBytes !== 4 && sizeBytes !== 8) return { kind: 'bytes', sizeBytes }
        return { kind: 'float', sizeBytes, signed: true, littleEndian: this.#little }
      case BTF_KIND.ARRAY:
        return this.#array(type, sizeBytes, depth)
      case BTF_KIND.STRUCT:
      case BTF_KIND.UNION:
        return this.#composite(type, depth)
      default:
        return { kind: 'bytes', sizeBytes }
    }
  }

  #array({ elementTypeId, length }: BtfArray, sizeBytes: number, depth: number): ValueShape {
    const element = this.#of(elementTypeId, depth + 1)
    if (element === undefined || element.sizeBytes === 0) return { kind: 'bytes', sizeBytes }
    if (isCharacter(this.btf.resolve(elementTypeId))) return { kind: 'text', sizeBytes }
    if (element.kind === 'number' && element.sizeBytes === 1 && !element.signed && element.enumeration === undefined) {
      return { kind: 'bytes', sizeBytes }
    }
    return { kind: 'array', sizeBytes, element, elementTypeId, length }
  }

  /** Kept by id, which also keeps a diamond of types from being walked along every path. */
  #composite(type: BtfComposite, depth: number): ValueShape {
    const known = this.#composites.get(type.id)
    if (known !== undefined) return known
    const { sizeBytes } = type
    const members = sizeBytes === 0 ? undefined : this.#members(type, depth)
    const shape: ValueShape =
      members === undefined || countLeaves(members) > MOST_LEAVES + LEAVES_PER_BYTE * sizeBytes
        ? { kind: 'bytes', sizeBytes }
        : { kind: 'composite', sizeBytes, type, members }
    this.#composites.set(type.id, shape)
    return shape
  }

  /** By name, the first of each; undefined where one lies outside, which only damaged types have. */
  #members(type: BtfComposite, depth: number): readonly MemberShape[] | undefined {
    const isUnion = type.kind === BTF_KIND.UNION && type.members.length > 1
    const members = new Map<string, MemberShape>()
    for (const member of type.members) {
      const shape = this.#member(member, depth)
      if (shape === undefined || !liesWithin(member, shape, type)) return undefined
      const inner =
        member.name === '' && shape.kind === 'composite'
          ? shape.members.map((one) => ({ ...one, bitOffset: one.bitOffset + member.bitOffset }))
          : [{ ...member, shape, isAlternative: false }]
      for (const one of inner) {
        if (one.name === '' || members.has(one.name)) continue
        const { name, typeId, bitOffset, bitfieldBits, isAlternative } = one
        const alternative = isUnion || isAlternative
        members.set(name, { name, typeId, shape: one.shape, bitOffset, bitfieldBits, isAlternative: alternative })
      }
    }
    return [...members.values()]
  }

  #member({ typeId, bitfieldBits }: BtfMember, depth: number): ValueShape | undefined {
    const shape = this.#of(typeId, depth + 1)
    if (bitfieldBits === 0 || shape === undefined) return shape
    const isNumber = shape.kind === 'number' || shape.kind === 'bigint' || shape.kind === 'boolean'
    if (!isNumber) return undefined
    return bitfieldBits > NUMBER_BITS ? { ...shape, kind: 'bigint' } : shape
  }
}

function countLeaves(members: readonly MemberShape[]): number {
  return members.reduce((sum, { shape }) => sum + leavesOf(shape), 0)
}

const leaves = new WeakMap<ValueShape, number>()

/** Numbers, texts and runs of bytes in a value. */
function leavesOf(shape: ValueShape): number {
  const known = leaves.get(shape)
  if (known !== undefined) return known
  let count = 1
  if (shape.kind === 'array') count = shape.length * leavesOf(shape.element)
  else if (shape.kind === 'composite') count = countLeaves(shape.members)
  leaves.set(shape, count)
  return count
}

function wholeNumber(sizeBytes: number): 'number' | 'bigint' {
  return sizeBytes === 1 || sizeBytes === 2 || sizeBytes === 4 ? 'number' : 'bigint'
}

function liesWithin({ bitOffset, bitfieldBits }: BtfMember, shape: ValueShape, struct: BtfComposite): boolean {
  if (bitfieldBits === 0 && bitOffset % 8 !== 0) return false
  const bits = bitfieldBits === 0 ? shape.sizeBytes * 8 : bitfieldBits
  return bitOffset + bits <= struct.sizeBytes * 8
}
