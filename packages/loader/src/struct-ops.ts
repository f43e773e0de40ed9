/**
 * Structures of functions that an object fills in (struct_ops): they say which member each of its programs stands in for.
 * Only that is read of them; no maps are made.
 *
 * @see bpf_object__collect_st_ops_relos in tools/lib/bpf/libbpf.c
 */
import { BTF_KIND, type Btf, type BtfDatasec, type BtfDatasecEntry } from '@bpfoundry/btf'
import type { ElfSection } from '@bpfoundry/elf'
import { INSN_BYTES } from '@bpfoundry/isa'
import type { CodeFunction } from './code-section.ts'
import { essentialName, type KernelTypes } from './core/type-space.ts'
import { LoaderError } from './loader-error.ts'
import type { ObjectFile } from './object-file.ts'

const POINTER_BYTES = 8

/** The member of a structure of functions that a program stands in for: its address is there. */
export interface StructOpsMember {
  /** Without its flavour. */
  readonly struct: string
  readonly member: string
  /** Number of the member in the object's own description of the structure. */
  readonly index: number
}

/** What of a kernel a program stands in for. */
export interface StructOpsBinding {
  /** Id of the structure. */
  readonly attachBtfId: number
  /** Number of the member in it. */
  readonly expectedAttachType: number
}

const SECTION = /^\??\.struct_ops(\.link)?$/

/** The members that an object's programs stand in for, by section and offset of the function. */
export class StructOpsPlaces {
  readonly #places = new Map<string, StructOpsMember[]>()

  constructor(object: ObjectFile) {
    const { btf, elf } = object
    if (btf === undefined) return
    for (const section of elf.sections) {
      const types = SECTION.test(section.name) ? btf.find(section.name, BTF_KIND.DATASEC) : undefined
      if (types !== undefined) this.#read(object, btf, section, types)
    }
  }

  /**
   * What the program stands in for in a kernel.
   *
   * @throws LoaderError LOADER_UNSUPPORTED where nothing, or more than one thing, refers to it; LOADER_KERNEL_SYMBOL where
   *   the kernel lacks it
   */
  binding(fn: CodeFunction, kernel: KernelTypes): StructOpsBinding {
    return bindingOf(this.member(fn), kernel)
  }

  /**
   * What the program stands in for, as the object says it.
   *
   * @throws LoaderError LOADER_UNSUPPORTED where nothing, or more than one thing, refers to it
   */
  member(fn: CodeFunction): StructOpsMember {
    const places = this.#places.get(keyOf(fn.section.index, fn.start * INSN_BYTES)) ?? []
    const [place] = places
    if (place === undefined) throw notSupported(`program '${fn.name}', which no structure of functions refers to,`)
    if (places.some(({ struct, member }) => struct !== place.struct || member !== place.member)) {
      throw notSupported(`program '${fn.name}' in several places`)
    }
    return place
  }

  #read({ elf }: ObjectFile, btf: Btf, section: ElfSection, { entries }: BtfDatasec): void {
    const data = elf.data(section)
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const isLittle = elf.header.byteOrder === 'little'
    for (const { offsetBytes, symbol } of elf.relocationsOf(section)) {
      const entry = entries.find(
        (one) => offsetBytes >= one.offsetBytes && offsetBytes < one.offsetBytes + one.sizeBytes,
      )
      const place = entry === undefined ? undefined : placeAt(btf, entry, offsetBytes)
      if (place === undefined || offsetBytes + POINTER_BYTES > data.length) continue
      const key = keyOf(symbol.sectionIndex, symbol.value + view.getUint32(offsetBytes + (isLittle ? 0 : 4), isLittle))
      this.#places.set(key, [...(this.#places.get(key) ?? []), place])
    }
  }
}

function keyOf(section: number, offsetBytes: number): string {
  return `${section}+${offsetBytes}`
}

function placeAt(btf: Btf, { typeId, offsetBytes }: BtfDatasecEntry, at: number): StructOpsMember | undefined {
  const variable = btf.type(typeId)
  const struct = variable.kind === BTF_KIND.VAR ? btf.resolve(variable.typeId) : undefined
  if (struct?.kind !== BTF_KIND.STRUCT) return undefined
  const index = struct.members.findIndex(({ bitOffset }) => bitOffset === 8 * (at - offsetBytes))
  const member = struct.members[index]
  return member === undefined ? undefined : { struct: essentialName(struct.name), member: member.name, index }
}

function bindingOf({ struct, member }: StructOpsMember, kernel: KernelTypes): StructOpsBinding {
  const attachBtfId = kernel.find(struct, BTF_KIND.STRUCT)
  const type = attachBtfId === undefined ? undefined : kernel.type(attachBtfId)
  if (attachBtfId === undefined || type?.kind !== BTF_KIND.STRUCT) throw missing(`structure '${struct}'`)
  const index = type.members.findIndex(({ name }) => name === essentialName(member))
  if (index < 0) throw missing(`member '${member}' of structure '${struct}'`)
  return { attachBtfId, expectedAttachType: index }
}

function missing(what: string): LoaderError {
  return new LoaderError({ code: 'LOADER_KERNEL_SYMBOL', message: `the kernel has no ${what}` })
}

function notSupported(what: string): LoaderError {
  return new LoaderError({ code: 'LOADER_UNSUPPORTED', message: `${what} is not supported`, got: what })
}
