import {
  BTF_KIND,
  BTF_LINKAGE,
  Btf,
  BtfBuilder,
  type BtfDatasecEntry,
  type BtfExt,
  type BtfType,
  encodeBtfExt,
  type SectionInfo,
  uniqueTypes,
  withReferences,
} from '@bpfoundry/btf'
import { INSN_BYTES } from '@bpfoundry/isa'
import { linkError } from './link-error.ts'
import type { LinkedSection, Placement } from './linked-sections.ts'
import { type Global, isShared } from './linked-symbols.ts'
import type { SourceObject } from './source-object.ts'

/** A variable in a section; where a shared one lies is known at the end. */
interface Entry {
  readonly typeId: number
  readonly offsetBytes: number
  sizeBytes: number
  readonly global?: Global
}

type Records = { -readonly [K in keyof SectionInfo]: SectionInfo[K][number][] }

const EXTERN_SECTION = '.extern'

/** The types of the result, and the records about its code. */
export class LinkedTypes {
  readonly #types: BtfType[] = [...new BtfBuilder().build().types]
  readonly #entries = new Map<string, Entry[]>()
  /** Names of sections, those that only types are declared in included, as they were met. */
  readonly #sectionNames = new Set<string>()
  readonly #records = new Map<string, Records>()

  get isEmpty(): boolean {
    return this.#types.length === 1
  }

  /** As far as objects were added. */
  get btf(): Btf {
    return new Btf('little', [...this.#types], new BtfBuilder().build().strings)
  }

  /** Adds an object's types, once its symbols are known. @throws {LoaderError} LOADER_LINK */
  add(object: SourceObject, placements: ReadonlyMap<number, Placement>, globals: ReadonlyMap<string, Global>): void {
    const { btf } = object
    if (btf === undefined) return
    for (const { section } of placements.values()) this.#sectionNames.add(section.name)
    const ids = this.#addTypes(object, btf, globals)
    for (const type of btf.types) {
      if (type.kind === BTF_KIND.DATASEC && type.name !== EXTERN_SECTION) {
        this.#addSection(object, type.name, type.entries, { ids, globals, placements })
      }
    }
    for (const [name, info] of object.ext) this.#addRecords(placementOf(object, name, placements), name, info, ids)
  }

  /** @returns ids of the result by those of the object */
  #addTypes(object: SourceObject, btf: Btf, globals: ReadonlyMap<string, Global>): readonly (number | undefined)[] {
    const ids: (number | undefined)[] = [0]
    const first = this.#types.length
    const redefined: (readonly [Global, number])[] = []
    for (const type of btf.types.slice(1)) {
      if (type.kind === BTF_KIND.DATASEC) continue
      const global = isShared(type) ? globals.get(type.name) : undefined
      // Of a section that is there already.
      if (isShared(type) && global === undefined) continue
      if (global?.isRedefined && 'typeId' in type) redefined.push([global, type.typeId])
      if (global !== undefined && global.typeId !== 0) {
        ids[type.id] = global.typeId
        continue
      }
      ids[type.id] = this.#types.length
      if (global !== undefined) global.typeId = this.#types.length
      this.#types.push({ ...type, id: this.#types.length })
    }
    const idOf = (id: number): number => ids[id] ?? unknownType(object, btf, id)
    for (let id = first; id < this.#types.length; id++) {
      this.#types[id] = withReferences(this.#types[id] as BtfType, idOf)
    }
    for (const [global, typeId] of redefined) this.#redefine(global, idOf(typeId))
    return ids
  }

  /** What was declared is defined now: the definition's type counts, and has names of parameters. */
  #redefine(global: Global, typeId: number): void {
    const type = this.#types[global.typeId]
    if (type?.kind !== BTF_KIND.VAR && type?.kind !== BTF_KIND.FUNC) return
    const [before, now] = [this.#types[type.typeId], this.#types[typeId]]
    if (before?.kind === BTF_KIND.FUNC_PROTO && now?.kind === BTF_KIND.FUNC_PROTO) {
      const parameters = before.parameters.map((one, index) => {
        const { name } = now.parameters[index] ?? one
        return name === '' ? one : { ...one, name }
      })
      this.#types[before.id] = { ...before, parameters }
    }
    this.#types[global.typeId] = { ...type, typeId, linkage: BTF_LINKAGE.GLOBAL }
    global.isRedefined = false
  }

  #addSection(
    object: SourceObject,
    name: string,
    entries: readonly BtfDatasecEntry[],
    { ids, globals, placements }: Additions,
  ): void {
    const placement = placementOf(object, name, placements)
    if (placement?.isRepeated) return
    const known = this.#entries.get(name) ?? []
    this.#entries.set(name, known)
    this.#sectionNames.add(name)
    for (const { typeId, offsetBytes, sizeBytes } of entries) {
      const id = ids[typeId] ?? unknownType(object, object.btf as Btf, typeId)
      const type = this.#types[id] as BtfType
      const global = isShared(type) ? globals.get(type.name) : undefined
      if (global !== undefined && global.sectionName !== name) {
        throw linkError(`'${type.name}' is in two sections`, object.name, name, global.sectionName)
      }
      const same = global === undefined ? undefined : known.find((entry) => entry.global === global)
      if (same === undefined) {
        const at = offsetBytes + (placement?.offsetBytes ?? 0)
        known.push({ typeId: id, offsetBytes: at, sizeBytes, ...(global === undefined ? {} : { global }) })
      } else {
        same.sizeBytes = this.btf.sizeOf(id) ?? same.sizeBytes
      }
    }
  }

  #addRecords(
    placement: Placement | undefined,
    name: string,
    info: SectionInfo,
    ids: readonly (number | undefined)[],
  ): void {
    if (placement === undefined || placement.isRepeated) return
    const known = this.#records.get(name) ?? { functions: [], lines: [], coreRelocations: [] }
    this.#records.set(name, known)
    const shift = placement.offsetBytes / INSN_BYTES
    const moved = <T extends { readonly pc: number }>(record: T): T => ({ ...record, pc: record.pc + shift })
    const typed = <T extends { readonly pc: number; readonly typeId: number }>(record: T): T => ({
      ...moved(record),
      typeId: ids[record.typeId] ?? 0,
    })
    known.functions.push(...info.functions.map(typed))
    known.lines.push(...info.lines.map(moved))
    known.coreRelocations.push(...info.coreRelocations.map(typed))
  }

  /** The sections `.BTF` and `.BTF.ext`, each type once. */
  encode(sections: readonly LinkedSection[], byteOrder: 'little' | 'big'): { btf: Uint8Array; ext: Uint8Array } {
    const { types, ids } = uniqueTypes([...this.#types, ...this.#datasecs(sections)])
    const builder = new BtfBuilder()
    for (const type of types.slice(1)) builder.add(type)
    const ext = encodeBtfExt(this.#renumbered(ids), (text) => builder.addString(text), byteOrder)
    return { btf: builder.build(byteOrder).encode(), ext }
  }

  #datasecs(sections: readonly LinkedSection[]): BtfType[] {
    const sizes = new Map(sections.map(({ name, sizeBytes }) => [name, sizeBytes]))
    const found = [...this.#sectionNames].filter((name) => this.#entries.has(name))
    return found.map((name, index) => ({
      ...{ id: this.#types.length + index, kind: BTF_KIND.DATASEC, name, nameOffset: 0 },
      sizeBytes: sizes.get(name) ?? 0,
      entries: (this.#entries.get(name) ?? [])
        // A strong definition may lie in another section than the weak one that it replaces.
        .filter(({ global }) => global === undefined || global.sectionName === name)
        .map(placed)
        .sort((a, b) => a.offsetBytes - b.offsetBytes),
    }))
  }

  #renumbered(ids: readonly number[]): BtfExt {
    const typed = <T extends { readonly typeId: number }>(record: T): T => ({
      ...record,
      typeId: ids[record.typeId] ?? 0,
    })
    return new Map(
      [...this.#records].map(([name, { functions, lines, coreRelocations }]) => [
        name,
        { functions: functions.map(typed), lines, coreRelocations: coreRelocations.map(typed) },
      ]),
    )
  }
}

interface Additions {
  readonly ids: readonly (number | undefined)[]
  readonly globals: ReadonlyMap<string, Global>
  readonly placements: ReadonlyMap<number, Placement>
}

function placementOf(
  { elf }: SourceObject,
  name: string,
  placements: ReadonlyMap<number, Placement>,
): Placement | undefined {
  const section = elf.section(name)
  return section === undefined ? undefined : placements.get(section.index)
}

function placed({ typeId, offsetBytes, sizeBytes, global }: Entry): BtfDatasecEntry {
  const isDefined = global !== undefined && !global.isExtern
  return { typeId, offsetBytes: isDefined ? global.symbol.value : offsetBytes, sizeBytes }
}

function unknownType(object: SourceObject, btf: Btf, id: number): never {
  throw linkError(`type '${btf.type(id).name}' belongs to what is not linked`, object.name, `type ${id}`)
}
