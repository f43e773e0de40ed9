import type { Btf } from './btf.ts'
import { BTF_KIND } from './btf-kind.ts'
import type { BtfComposite, BtfInt, BtfMember } from './btf-type.ts'

/** Bits that one bit-field's storage spans, at most. */
const MAX_COPIED_BITS = 128

/** Width that the kernel gives an enumerated bit-field, whatever the size of its type. */
const ENUM_BITS = 32

/** Not a bit-field: as many bits as u8, u16, u32, u64 or u128 have. The size of its storage does not matter. */
export function isRegularInt({ bits, bitOffset }: BtfInt): boolean {
  return bitOffset === 0 && [8, 16, 32, 64, 128].includes(bits)
}

/** Why a struct can't have this member, or undefined: its place and width against its type and the struct's size. */
export function checkMember(btf: Btf, composite: BtfComposite, member: BtfMember): string | undefined {
  const type = btf.resolve(member.typeId)
  if (type.kind === BTF_KIND.INT) {
    return composite.kindFlag ? checkBitfield(composite, member, type) : checkOldBitfield(composite, member, type)
  }
  const isEnum = type.kind === BTF_KIND.ENUM || type.kind === BTF_KIND.ENUM64
  if (isEnum && composite.kindFlag) return checkEnumBitfield(composite, member)
  if (member.bitfieldBits !== 0) return 'is a bit-field of another type than an integer'
  const sizeBytes = btf.sizeOf(member.typeId)
  if (sizeBytes === undefined) return 'has no size'
  if (type.kind === BTF_KIND.FLOAT) {
    if (member.bitOffset % (Math.min(8, type.sizeBytes) * 8) !== 0) return 'is not aligned'
  } else if (member.bitOffset % 8 !== 0) {
    return 'does not begin at a byte'
  }
  return fits(composite, Math.floor(member.bitOffset / 8), sizeBytes)
}

/** The width stands with the member. */
function checkBitfield(
  composite: BtfComposite,
  { bitOffset, bitfieldBits }: BtfMember,
  type: BtfInt,
): string | undefined {
  if (!isRegularInt(type)) return 'has an odd integer for its storage'
  if (bitfieldBits === 0 && bitOffset % 8 !== 0) return 'does not begin at a byte'
  if (bitfieldBits > type.bits) return 'is wider than its type'
  return fitsBits(composite, bitOffset, bitfieldBits === 0 ? type.bits : bitfieldBits)
}

/** The width stands with the integer type. */
function checkOldBitfield(composite: BtfComposite, { bitOffset }: BtfMember, type: BtfInt): string | undefined {
  return fitsBits(composite, bitOffset + type.bitOffset, type.bits)
}

function checkEnumBitfield(composite: BtfComposite, { bitOffset, bitfieldBits }: BtfMember): string | undefined {
  if (bitfieldBits === 0 && bitOffset % 8 !== 0) return 'does not begin at a byte'
  if (bitfieldBits > ENUM_BITS) return 'is wider than its type'
  const end = Math.ceil((bitOffset + (bitfieldBits === 0 ? ENUM_BITS : bitfieldBits)) / 8)
  return end > composite.sizeBytes ? 'ends past the struct' : undefined
}

function fitsBits(composite: BtfComposite, bitOffset: number, bits: number): string | undefined {
  const copiedBits = bits + (bitOffset % 8)
  if (copiedBits > MAX_COPIED_BITS) return 'spans over 128 bits'
  return fits(composite, Math.floor(bitOffset / 8), Math.ceil(copiedBits / 8))
}

function fits({ sizeBytes }: BtfComposite, start: number, length: number): string | undefined {
  return start + length > sizeBytes ? 'ends past the struct' : undefined
}
