import { BTF_KIND, type Btf, btfKindName } from '@bpfoundry/btf'
import { commented } from './names.ts'

/** Types behind each other that are named. */
const MAX_DEPTH = 8

/** A type as C names it, for comments: `struct counts *`, `__u8[6]`. */
export function cTypeName(btf: Btf, typeId: number): string {
  return commented(nameOf(btf, typeId, 0))
}

function nameOf(btf: Btf, typeId: number, depth: number): string {
  const type = btf.type(typeId)
  if (depth > MAX_DEPTH) return '...'
  switch (type.kind) {
    case BTF_KIND.VOID:
      return 'void'
    case BTF_KIND.STRUCT:
    case BTF_KIND.UNION:
    case BTF_KIND.ENUM:
    case BTF_KIND.ENUM64: {
      const word = type.kind === BTF_KIND.ENUM64 ? 'enum' : btfKindName(type.kind).toLowerCase()
      return type.name === '' ? word : `${word} ${type.name}`
    }
    case BTF_KIND.PTR: {
      const target = nameOf(btf, type.typeId, depth + 1)
      return target.endsWith('*') ? `${target}*` : `${target} *`
    }
    case BTF_KIND.ARRAY:
      return `${nameOf(btf, type.elementTypeId, depth + 1)}[${type.length}]`
    case BTF_KIND.CONST:
    case BTF_KIND.VOLATILE:
    case BTF_KIND.RESTRICT:
    case BTF_KIND.TYPE_TAG:
      return nameOf(btf, type.typeId, depth + 1)
    case BTF_KIND.FUNC_PROTO:
      return 'function'
    default:
      return type.name
  }
}
