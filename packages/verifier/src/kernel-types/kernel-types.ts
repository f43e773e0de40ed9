/** The kernel's types as the checks use them: structures as values that compare by identity. */
import { BTF_KIND, type BtfComposite, BtfError, type BtfType, btfKindName } from '@bpfoundry/btf'
import type { KernelBtf } from '../verifier-api.ts'
import type { OwnField } from './own-types.ts'

/** A structure or union of the kernel, or a structure of the program's own; one object for each. */
export interface KernelStruct {
  readonly id: number
  readonly name: string
  /** Undefined for the kernel's: what the program's BTF says of its own. */
  readonly own?: { readonly btf: KernelBtf; readonly type: BtfType; readonly fields: readonly OwnField[] }
}

/** Structures of one kernel. */
export class KernelTypes {
  readonly btf: KernelBtf
  readonly #structs = new Map<number, KernelStruct>()

  constructor(btf: KernelBtf) {
    this.btf = btf
  }

  /** The structure with this id. */
  struct(id: number): KernelStruct {
    const known = this.#structs.get(id)
    if (known !== undefined) return known
    const struct = { id, name: this.btf.type(id).name }
    this.#structs.set(id, struct)
    return struct
  }

  /** Name of the function with this id; undefined where that is none. */
  functionName(id: number): string | undefined {
    return typeAt(this.btf, id)?.name
  }

  /** The structure of that name; undefined where this kernel has none. */
  named(name: string): KernelStruct | undefined {
    const id = this.btf.find(name, BTF_KIND.STRUCT)
    return id === undefined ? undefined : this.struct(id)
  }
}

/** The type with this id; undefined where there is none. */
export function typeAt(btf: KernelBtf, id: number): BtfType | undefined {
  try {
    return btf.type(id)
  } catch (error) {
    if (error instanceof BtfError) return undefined
    throw error
  }
}

/** A struct or a union: what a pointer of {@link KernelStruct} may point to. */
export function isComposite(type: BtfType): type is BtfComposite {
  return type.kind === BTF_KIND.STRUCT || type.kind === BTF_KIND.UNION
}

/** `STRUCT`, as the kernel's messages name kinds: `UNKNOWN` for void. */
export function kindText(type: BtfType): string {
  return type.kind === BTF_KIND.VOID ? 'UNKNOWN' : btfKindName(type.kind)
}

const ENUMS: ReadonlySet<number> = new Set([BTF_KIND.ENUM, BTF_KIND.ENUM64])

/** A number of at most 8 bytes. */
export function isNumberType(type: BtfType): boolean {
  if (ENUMS.has(type.kind)) return true
  return type.kind === BTF_KIND.INT && type.sizeBytes <= 8 && type.bitOffset === 0 && (type.bits & 7) === 0
}
