import { BTF_KIND } from './btf-kind.ts'
import type { BtfModifier, BtfType, BtfTypeTag } from './btf-type.ts'

/** Calls `visit` with every type id that the type holds, in the order written. */
export function visitReferences(type: BtfType, visit: (typeId: number) => void): void {
  switch (type.kind) {
    case BTF_KIND.ARRAY:
      visit(type.elementTypeId)
      visit(type.indexTypeId)
      return
    case BTF_KIND.STRUCT:
    case BTF_KIND.UNION:
      for (const { typeId } of type.members) visit(typeId)
      return
    case BTF_KIND.FUNC_PROTO:
      visit(type.returnTypeId)
      for (const { typeId } of type.parameters) visit(typeId)
      return
    case BTF_KIND.DATASEC:
      for (const { typeId } of type.entries) visit(typeId)
      return
    default:
      if ('typeId' in type) visit(type.typeId)
  }
}

/** The same type with other types in the places of those that it holds. */
export function withReferences(type: BtfType, replace: (typeId: number) => number): BtfType {
  const replaced = <T extends { readonly typeId: number }>(item: T): T => ({ ...item, typeId: replace(item.typeId) })
  switch (type.kind) {
    case BTF_KIND.ARRAY:
      return { ...type, elementTypeId: replace(type.elementTypeId), indexTypeId: replace(type.indexTypeId) }
    case BTF_KIND.STRUCT:
    case BTF_KIND.UNION:
      return { ...type, members: type.members.map(replaced) }
    case BTF_KIND.FUNC_PROTO:
      return { ...type, returnTypeId: replace(type.returnTypeId), parameters: type.parameters.map(replaced) }
    case BTF_KIND.DATASEC:
      return { ...type, entries: type.entries.map(replaced) }
    default:
      return 'typeId' in type ? replaced(type) : type
  }
}

/** typedef, volatile, const, restrict or type tag: a type that is the one it names, as far as values go. */
export function isModifier(type: BtfType): type is BtfModifier | BtfTypeTag {
  switch (type.kind) {
    case BTF_KIND.TYPEDEF:
    case BTF_KIND.VOLATILE:
    case BTF_KIND.CONST:
    case BTF_KIND.RESTRICT:
    case BTF_KIND.TYPE_TAG:
      return true
    default:
      return false
  }
}
