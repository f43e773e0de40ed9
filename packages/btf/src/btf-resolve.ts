import { BtfError } from './btf-error.ts'
import { BTF_KIND } from './btf-kind.ts'
import { isModifier } from './btf-references.ts'
import type { BtfType } from './btf-type.ts'

/** Longest chain of modifiers and arrays that is followed, as in the kernel. */
const MAX_RESOLVE_DEPTH = 32

/** Bytes of a pointer of the BPF machine. */
const POINTER_BYTES = 8

/** Types by id, wherever they come from. */
export interface BtfTypeSource {
  /** @throws {BtfError} BTF_TYPE_ID */
  type(id: number): BtfType
}

/** The type behind modifiers. @throws {BtfError} BTF_TYPE_ID, BTF_CYCLE after 32 steps */
export function resolveType(source: BtfTypeSource, id: number): BtfType {
  let type = source.type(id)
  for (let depth = 0; isModifier(type); depth++) {
    if (depth === MAX_RESOLVE_DEPTH) throw tooDeep(id)
    type = source.type(type.typeId)
  }
  return type
}

/** Bytes that a value of the type takes; undefined for what has no size. @throws {BtfError} BTF_TYPE_ID, BTF_CYCLE */
export function sizeOfType(source: BtfTypeSource, id: number): number | undefined {
  let factor = 1
  let next = id
  for (let depth = 0; depth < MAX_RESOLVE_DEPTH; depth++) {
    const type = resolveType(source, next)
    if (type.kind === BTF_KIND.ARRAY) {
      factor *= type.length
      next = type.elementTypeId
    } else if (type.kind === BTF_KIND.VAR) {
      next = type.typeId
    } else if (type.kind === BTF_KIND.PTR) {
      return factor * POINTER_BYTES
    } else {
      return 'sizeBytes' in type && type.kind !== BTF_KIND.DATASEC ? factor * type.sizeBytes : undefined
    }
  }
  throw tooDeep(id)
}

function tooDeep(id: number): BtfError {
  return new BtfError({
    code: 'BTF_CYCLE',
    message: `type [${id}] is a chain of too many types`,
    expected: `${MAX_RESOLVE_DEPTH} at most`,
  })
}
