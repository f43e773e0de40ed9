/** Structures of nothing but numbers: what the program may hand over as plain memory. @see __btf_type_is_scalar_struct */
import { BTF_KIND, type BtfType } from '@bpfoundry/btf'
import type { KernelBtf } from '../verifier-api.ts'
import { isComposite } from './kernel-types.ts'

/** Structures within each other, at most. */
const MAX_DEPTH = 4

const NUMBERS: ReadonlySet<number> = new Set([BTF_KIND.INT, BTF_KIND.ENUM, BTF_KIND.ENUM64])

export function isNumber(type: BtfType): boolean {
  return NUMBERS.has(type.kind)
}

/** @param tooDeep is told of structures nested deeper than is looked into */
export function isScalarStruct(btf: KernelBtf, type: BtfType, tooDeep?: () => void, depth: number = 1): boolean {
  if (!isComposite(type)) return false
  if (depth > MAX_DEPTH) {
    tooDeep?.()
    return false
  }
  return type.members.every(({ typeId }) => {
    const member = btf.resolve(typeId)
    if (isComposite(member)) return isScalarStruct(btf, member, tooDeep, depth + 1)
    if (member.kind !== BTF_KIND.ARRAY) return isNumber(member)
    return member.length > 0 && isNumber(btf.resolve(member.elementTypeId))
  })
}
