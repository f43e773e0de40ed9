import { BTF_INT_ENCODING, BTF_KIND, type BtfMember, type BtfType, CORE_RELOCATION } from '@bpfoundry/btf'
import type { FieldPath } from './field-path.ts'
import { badRelocation, sizeOrThrow, type TypeSpace } from './type-space.ts'

/** What a relocation puts into an instruction, by the types of one side. */
export interface FieldValue {
  readonly value: bigint
  /** The compiler has put the same into the instruction: of a bit-field it may see things otherwise. */
  readonly isCertain: boolean
  /** What is loaded or stored, where that is one thing with a size. */
  readonly access?: { readonly sizeBytes: number; readonly type: BtfType }
}

/** Bits of the widest load. */
const WIDEST_BITS = 64

/** Where the bits of a member lie: the word to load, and what is in it. */
interface Place {
  readonly byteOffset: number
  readonly sizeBytes: number
  readonly bitOffset: number
  readonly bits: number
  readonly isBitfield: boolean
}

/** Of a field. @param kind FIELD_* but FIELD_EXISTS @throws LoaderError LOADER_RELOCATION */
export function fieldValue(kind: number, path: FieldPath): FieldValue {
  const step = path.steps.at(-1)
  if (step?.member === undefined) return elementValue(kind, path, step?.typeId ?? 0)
  const type = path.space.resolve(step.member.typeId)
  const place = placeOf(path, step.member, type)
  const { byteOffset, sizeBytes, bitOffset, bits, isBitfield } = place
  const told = (value: number, isCertain: boolean = !isBitfield): FieldValue => ({ value: BigInt(value), isCertain })
  if (kind === CORE_RELOCATION.FIELD_BYTE_OFFSET) {
    return isBitfield ? told(byteOffset) : { ...told(byteOffset), access: { sizeBytes, type } }
  }
  if (kind === CORE_RELOCATION.FIELD_BYTE_SIZE) return told(sizeBytes)
  if (kind === CORE_RELOCATION.FIELD_SIGNED) return told(isSigned(type) ? 1 : 0, true)
  if (kind === CORE_RELOCATION.FIELD_LSHIFT_U64) return told(WIDEST_BITS - (bitOffset + bits - byteOffset * 8))
  return told(WIDEST_BITS - bits, true)
}

function elementValue(kind: number, { space, bitOffset }: FieldPath, typeId: number): FieldValue {
  const sizeBytes = sizeOrThrow(space, typeId)
  if (kind === CORE_RELOCATION.FIELD_BYTE_SIZE) return { value: BigInt(sizeBytes), isCertain: true }
  if (kind !== CORE_RELOCATION.FIELD_BYTE_OFFSET) throw badRelocation('CO-RE relocation that no element has')
  return { value: BigInt(bitOffset >>> 3), isCertain: true, access: { sizeBytes, type: space.resolve(typeId) } }
}

function placeOf({ space, bitOffset }: FieldPath, { bitfieldBits }: BtfMember, type: BtfType): Place {
  const whole = sizeOrThrow(space, type.id)
  if (bitfieldBits === 0) {
    return { byteOffset: bitOffset >>> 3, sizeBytes: whole, bitOffset, bits: whole * 8, isBitfield: false }
  }
  let sizeBytes = whole
  const start = (): number => Math.floor((bitOffset >>> 3) / sizeBytes) * sizeBytes
  while (bitOffset + bitfieldBits - start() * 8 > sizeBytes * 8) {
    if (sizeBytes >= WIDEST_BITS / 8) throw badRelocation('a bit-field can not be read by one load')
    sizeBytes *= 2
  }
  return { byteOffset: start(), sizeBytes, bitOffset, bits: bitfieldBits, isBitfield: true }
}

function isSigned(type: BtfType): boolean {
  if (type.kind === BTF_KIND.INT) return (type.encoding & BTF_INT_ENCODING.SIGNED) !== 0
  return (type.kind === BTF_KIND.ENUM || type.kind === BTF_KIND.ENUM64) && type.signed
}

/** Of a type. @param kind TYPE_EXISTS, TYPE_MATCHES, TYPE_SIZE, TYPE_ID_TARGET */
export function typeValue(kind: number, space: TypeSpace, typeId: number): FieldValue {
  if (kind === CORE_RELOCATION.TYPE_ID_TARGET) return { value: BigInt(typeId), isCertain: false }
  if (kind === CORE_RELOCATION.TYPE_SIZE) return { value: BigInt(sizeOrThrow(space, typeId)), isCertain: true }
  return { value: 1n, isCertain: true }
}

/** A load or store may be made to take another number of bytes: of pointers, and of unsigned numbers. */
export function mayResize({ access: a }: FieldValue, { access: b }: FieldValue): boolean {
  if (a === undefined || b === undefined) return a === b
  if (a.sizeBytes === b.sizeBytes) return true
  if (a.type.kind === BTF_KIND.PTR) return b.type.kind === BTF_KIND.PTR
  const isUnsigned = ({ type }: typeof a): boolean =>
    type.kind === BTF_KIND.INT && type.encoding !== BTF_INT_ENCODING.SIGNED
  return isUnsigned(a) && isUnsigned(b)
}
