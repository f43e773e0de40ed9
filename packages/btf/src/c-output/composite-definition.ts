import { BTF_KIND } from '../btf-kind.ts'
import type { BtfComposite, BtfMember } from '../btf-type.ts'
import { type CText, newLine } from './c-text.ts'
import { type Gap, paddingCount, paddingFields } from './padding.ts'

/** Writes what a member is: its type around its name, which may hold a struct again. */
export type Declare = (text: CText, typeId: number, name: string, level: number) => void

/**
 * Writes `struct name { ... }` so that a compiler lays it out as it was: gaps that it would not leave by itself are filled, and
 * what lies where nothing would is `packed`.
 */
export function putComposite(text: CText, type: BtfComposite, level: number, declare: Declare): void {
  const { layout, names } = text
  const isStruct = type.kind === BTF_KIND.STRUCT
  const isPacked = layout.isPacked(type)
  text.put(`${isStruct ? 'struct' : 'union'}${type.nameOffset === 0 ? '' : ' '}${names.tag(type)} {`)
  const end = putMembers(text, type, isPacked, level + 1, declare)
  if (isStruct) {
    const alignmentBytes = layout.alignmentBytes(type.id)
    putGap(text, type, { fromBits: end, toBits: type.sizeBytes * 8, alignmentBytes, inBitfield: false }, level + 1)
  }
  // The empty struct stays on its line.
  text.put(type.members.length === 0 && type.sizeBytes === 0 ? '}' : `${newLine(level)}}`)
  if (isPacked) text.put(' __attribute__((packed))')
}

/** Where a member lies. */
interface Placed {
  readonly endBits: number
  readonly isBitfield: boolean
}

/** @returns where the last one ends, in bits */
function putMembers(text: CText, type: BtfComposite, isPacked: boolean, level: number, declare: Declare): number {
  let before: Placed = { endBits: 0, isBitfield: false }
  for (const member of type.members) {
    const alignmentBytes = isPacked ? 1 : text.layout.alignmentBytes(member.typeId)
    const inBitfield = before.isBitfield && member.bitfieldBits !== 0
    putGap(text, type, { fromBits: before.endBits, toBits: member.bitOffset, alignmentBytes, inBitfield }, level)
    text.put(newLine(level))
    declare(text, member.typeId, member.name, level)
    before = putEnd(text, member)
  }
  return before.endBits
}

/** What follows the name. */
function putEnd(text: CText, { typeId, bitOffset, bitfieldBits }: BtfMember): Placed {
  if (bitfieldBits !== 0) {
    text.put(`: ${bitfieldBits};`)
    return { endBits: bitOffset + bitfieldBits, isBitfield: true }
  }
  text.put(';')
  return { endBits: bitOffset + text.layout.sizeBytes(typeId) * 8, isBitfield: false }
}

function putGap(text: CText, { id }: BtfComposite, gap: Gap, level: number): void {
  text.limit.spend(id, paddingCount(gap))
  for (const field of paddingFields(gap, text.layout.pointerBytes)) text.put(`${newLine(level)}${field};`)
}
