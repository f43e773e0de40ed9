import type { Btf } from './btf.ts'
import { BtfError } from './btf-error.ts'
import { BTF_KIND, BTF_MAX_TYPE } from './btf-kind.ts'
import { withReferences } from './btf-references.ts'
import { type BtfTypeSource, resolveType, sizeOfType } from './btf-resolve.ts'
import type { BtfComposite, BtfType } from './btf-type.ts'

/** Types of a kernel that are asked for by name and by id: what {@link LazyBtf} is. */
export interface KernelTypeSource extends BtfTypeSource {
  /** The first type of that name and {@link BTF_KIND}. */
  find(name: string, kind: number): number | undefined
}

/** Ids that each module has for itself. */
const MODULE_IDS = BTF_MAX_TYPE + 1

/**
 * The types of a kernel, and those of its modules beside them, by one numbering: a module's types have ids that none of the
 * kernel or of another module has.
 *
 * A module brings types that are complete by themselves. What of them is the kernel's is told by name: a declaration, a
 * struct or union of which only the size is given, or one that the kernel has in the same size and with as many members.
 *
 * @see btf_relocate in tools/lib/bpf/btf_relocate.c of Linux 6.12, which has the same for modules that are built apart
 */
export class JoinedBtf implements KernelTypeSource {
  readonly #kernel: KernelTypeSource
  readonly #modules: readonly ModuleTypes[]

  /** @throws {BtfError} BTF_BASE where the kernel lacks a struct that a module has by its size alone */
  constructor(kernel: KernelTypeSource, modules: readonly Btf[]) {
    this.#kernel = kernel
    this.#modules = modules.map((btf, index) => new ModuleTypes(btf, kernel, (index + 1) * MODULE_IDS))
  }

  /** Of the kernel, else of the first module that has one. */
  find(name: string, kind: number): number | undefined {
    const id = this.#kernel.find(name, kind)
    if (id !== undefined) return id
    for (const module of this.#modules) {
      const found = module.find(name, kind)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** @throws {BtfError} BTF_TYPE_ID, and what the kernel's types throw */
  type(id: number): BtfType {
    const index = Math.floor(id / MODULE_IDS)
    if (index === 0) return this.#kernel.type(id)
    const module = this.#modules[index - 1]
    if (module !== undefined) return module.type(id)
    throw new BtfError({ code: 'BTF_TYPE_ID', message: 'no such type', got: `type ${id}` })
  }

  /** The type behind modifiers. @throws {BtfError} as `type`, and BTF_CYCLE after 32 steps */
  resolve(id: number): BtfType {
    return resolveType(this, id)
  }

  /** Bytes that a value of the type takes; undefined for what has no size. @throws {BtfError} as `resolve` */
  sizeOf(id: number): number | undefined {
    return sizeOfType(this, id)
  }

  /** Index of the module that a type is of; undefined for those of the kernel. */
  moduleOf(id: number): number | undefined {
    const index = Math.floor(id / MODULE_IDS)
    return index === 0 ? undefined : index - 1
  }
}

class ModuleTypes {
  readonly #btf: Btf
  readonly #firstId: number
  /** By the id within the module's own types. */
  readonly #ids: readonly number[]
  readonly #known = new Map<number, BtfType>()

  constructor(btf: Btf, kernel: KernelTypeSource, firstId: number) {
    this.#btf = btf
    this.#firstId = firstId
    this.#ids = btf.types.map((type) => (type.id === 0 ? 0 : (kernelId(type, kernel) ?? firstId + type.id)))
  }

  find(name: string, kind: number): number | undefined {
    const found = this.#btf.find(name, kind as BtfType['kind'])
    return found === undefined ? undefined : this.#ids[found.id]
  }

  type(id: number): BtfType {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const own = this.#btf.type(id - this.#firstId)
    const type = { ...withReferences(own, (typeId) => this.#ids[typeId] ?? typeId), id }
    this.#known.set(id, type)
    return type
  }
}

/** The kernel's type that a module means; undefined for one of its own. */
function kernelId(type: BtfType, kernel: KernelTypeSource): number | undefined {
  if (type.name === '') return undefined
  if (type.kind === BTF_KIND.FWD) return kernel.find(type.name, type.isUnion ? BTF_KIND.UNION : BTF_KIND.STRUCT)
  if (type.kind !== BTF_KIND.STRUCT && type.kind !== BTF_KIND.UNION) return undefined
  const id = kernel.find(type.name, type.kind)
  if (id !== undefined && isSame(type, kernel.type(id))) return id
  if (!isSizeAlone(type)) return undefined
  throw new BtfError({
    code: 'BTF_BASE',
    message: `the kernel has no struct ${type.name} as the module has it`,
    expected: `${type.sizeBytes} bytes`,
    hint: 'the module was made for another kernel',
  })
}

const isSizeAlone = ({ members, sizeBytes }: BtfComposite): boolean => members.length === 0 && sizeBytes > 0

function isSame(type: BtfComposite, other: BtfType): boolean {
  if (other.kind !== type.kind || other.sizeBytes !== type.sizeBytes) return false
  return isSizeAlone(type) || other.members.length === type.members.length
}
