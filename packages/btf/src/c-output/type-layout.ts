import type { Btf } from '../btf.ts'
import { BTF_KIND } from '../btf-kind.ts'
import { isModifier } from '../btf-references.ts'
import type { BtfComposite, BtfType } from '../btf-type.ts'
import type { COutputLimit } from './c-output-limit.ts'

/** How compilers name the type that is as wide as a pointer. */
const LONG = new Set([
  'long',
  'long int',
  'int long',
  'unsigned long',
  'long unsigned',
  'unsigned long int',
  'unsigned int long',
  'long unsigned int',
  'long int unsigned',
  'int unsigned long',
  'int long unsigned',
])

/** Longest chain of types behind which libbpf looks for a size. */
const MAX_RESOLVE_DEPTH = 32
const U32_MAX = 0xffffffff

/** Bytes of a pointer where the types come from: those of the first `long`, else 8. */
export function pointerBytes({ types }: Btf): number {
  const long = types.find(
    (type) => type.kind === BTF_KIND.INT && (type.sizeBytes === 4 || type.sizeBytes === 8) && LONG.has(type.name),
  )
  return long?.kind === BTF_KIND.INT ? long.sizeBytes : 8
}

/**
 * Where a compiler would put things by itself. Sizes and alignments are those that libbpf has for types: what has none of its
 * own (functions, `void`, what is only declared) has 0.
 */
export class TypeLayout {
  /** Bytes of a pointer. */
  readonly pointerBytes: number
  readonly #btf: Btf
  readonly #limit: COutputLimit
  readonly #alignments = new Map<number, number>()

  constructor(btf: Btf, limit: COutputLimit) {
    this.#btf = btf
    this.#limit = limit
    this.pointerBytes = pointerBytes(btf)
  }

  /** Bytes of a value; 0 where there are none, or over 4 GiB. */
  sizeBytes(id: number): number {
    let count = 1
    let type = this.#btf.type(id)
    for (let depth = 0; depth < MAX_RESOLVE_DEPTH; depth++) {
      if (type.kind === BTF_KIND.ARRAY) {
        count *= type.length
        if (count > U32_MAX) return 0
        type = this.#btf.type(type.elementTypeId)
      } else if (isModifier(type) || type.kind === BTF_KIND.VAR || type.kind === BTF_KIND.DECL_TAG) {
        type = this.#btf.type(type.typeId)
      } else {
        const each = this.#ownBytes(type)
        return each * count > U32_MAX ? 0 : each * count
      }
    }
    return 0
  }

  #ownBytes(type: BtfType): number {
    if (type.kind === BTF_KIND.PTR) return this.pointerBytes
    return 'sizeBytes' in type ? type.sizeBytes : 0
  }

  /** Bytes; a packed struct has 1. */
  alignmentBytes(id: number): number {
    let type = this.#btf.type(id)
    while (isModifier(type) || type.kind === BTF_KIND.ARRAY) {
      type = this.#btf.type(type.kind === BTF_KIND.ARRAY ? type.elementTypeId : type.typeId)
    }
    switch (type.kind) {
      case BTF_KIND.INT:
      case BTF_KIND.ENUM:
      case BTF_KIND.ENUM64:
      case BTF_KIND.FLOAT:
        return Math.min(this.pointerBytes, type.sizeBytes)
      case BTF_KIND.PTR:
        return this.pointerBytes
      case BTF_KIND.STRUCT:
      case BTF_KIND.UNION:
        return this.#compositeAlignment(type)
      default:
        return 0
    }
  }

  #compositeAlignment(type: BtfComposite): number {
    const known = this.#alignments.get(type.id)
    if (known !== undefined) return known
    this.#limit.enter(type.id)
    const alignment = this.#membersAlignment(type)
    this.#limit.leave()
    this.#alignments.set(type.id, alignment)
    return alignment
  }

  /** 0 once a member has none. */
  #membersAlignment({ members, sizeBytes }: BtfComposite): number {
    let widest = 1
    for (const { typeId, bitOffset, bitfieldBits } of members) {
      const alignment = this.alignmentBytes(typeId)
      if (alignment === 0) return 0
      widest = Math.max(widest, alignment)
      if (bitfieldBits === 0 && bitOffset % (8 * alignment) !== 0) return 1
    }
    return sizeBytes % widest === 0 ? widest : 1
  }

  /**
   * Whether a struct is laid out as only `packed` ones are: something lies, or it ends, where nothing would by itself. One that
   * was declared `packed`, and would be laid out as it is without, can't be told.
   */
  isPacked({ kind, members, sizeBytes }: BtfComposite): boolean {
    if (kind === BTF_KIND.UNION) return false
    let widest = 1
    for (const { typeId, bitOffset, bitfieldBits } of members) {
      const alignment = this.alignmentBytes(typeId)
      if (alignment !== 0 && bitfieldBits === 0 && bitOffset % (8 * alignment) !== 0) return true
      widest = Math.max(widest, alignment)
    }
    return sizeBytes % widest !== 0
  }
}
