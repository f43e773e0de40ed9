import {
  BTF_KIND,
  BTF_LINKAGE,
  BtfBuilder,
  type BtfDatasecEntry,
  type BtfExt,
  encodeBtfExt,
  type FunctionInfo,
  type LineInfo,
} from '@bpfoundry/btf'
import { declarationTags, sectionOf } from './attributes.ts'
import { BtfTypeWriter } from './btf-type-writer.ts'
import type { ObjectContents, PlacedFunction, PlacedVariable } from './object-contents.ts'

/** The bytes of both sections. */
export interface ObjectBtf {
  readonly types: Uint8Array
  readonly ext: Uint8Array
}

const MAPS = '.maps'

/** The type information that clang would write for the functions, variables and kernel symbols of an object. */
export function objectBtf(contents: ObjectContents): ObjectBtf {
  const types = new BtfTypeWriter()
  const ext = new ExtRecords()
  for (const placed of contents.functions) ext.add(placed, addFunction(types, placed))
  const sections = new Sections()
  for (const variable of contents.variables) sections.add(variable.section, addVariable(types, variable))
  for (const name of contents.externs) addExtern(types, sections, contents, name)
  sections.writeTo(types)
  const builder = new BtfBuilder()
  types.writeTo(builder)
  // Its strings are in the types' string section.
  const bytes = encodeBtfExt(ext.sections, (text) => builder.addString(text))
  return { types: builder.build().encode(), ext: bytes }
}

/** The FUNC, with the annotations as its tags. */
function addFunction(types: BtfTypeWriter, { definition }: PlacedFunction): number {
  const { name, type, storage } = definition
  const linkage = storage === 'static' ? BTF_LINKAGE.STATIC : BTF_LINKAGE.GLOBAL
  const typeId = types.add({ kind: BTF_KIND.FUNC, name, typeId: types.prototype(type), linkage })
  addTags(types, declarationTags(definition), typeId)
  return typeId
}

function addVariable(types: BtfTypeWriter, { name, section, declaration, bytes }: PlacedVariable): BtfDatasecEntry {
  const { type, storage } = declaration
  const linkage = storage === 'static' ? BTF_LINKAGE.STATIC : BTF_LINKAGE.GLOBAL
  const described = section === MAPS ? types.mapId(type) : types.id(type)
  const typeId = types.add({ kind: BTF_KIND.VAR, name, typeId: described, linkage })
  addTags(types, declarationTags(declaration), typeId)
  // Offsets are the loader's to fill in, from the symbols.
  return { typeId, offsetBytes: 0, sizeBytes: bytes.length }
}

function addTags(types: BtfTypeWriter, tags: readonly string[], typeId: number): void {
  for (const name of tags) types.add({ kind: BTF_KIND.DECL_TAG, name, typeId, componentIndex: -1, attribute: false })
}

/** What SEC() places in `.ksyms` or `.kconfig`; a name without a declaration stays unknown. */
function addExtern(types: BtfTypeWriter, sections: Sections, { unit }: ObjectContents, name: string): void {
  const func = unit.functions.get(name)
  const variable = unit.variables.get(name)
  const section = sectionOf(func ?? variable ?? { attributes: [] })
  if (section === undefined) return
  const linkage = BTF_LINKAGE.EXTERN
  const typeId =
    func === undefined
      ? types.add({ kind: BTF_KIND.VAR, name, typeId: variable === undefined ? 0 : types.id(variable.type), linkage })
      : types.add({ kind: BTF_KIND.FUNC, name, typeId: types.prototype(func.type), linkage })
  sections.add(section, { typeId, offsetBytes: 0, sizeBytes: 0 })
}

/** The DATASECs, by name. */
class Sections {
  readonly #entries = new Map<string, BtfDatasecEntry[]>()

  add(section: string, entry: BtfDatasecEntry): void {
    const entries = this.#entries.get(section) ?? []
    this.#entries.set(section, [...entries, entry])
  }

  writeTo(types: BtfTypeWriter): void {
    for (const [name, entries] of this.#entries) types.add({ kind: BTF_KIND.DATASEC, name, sizeBytes: 0, entries })
  }
}

/** The records about code, by section. */
class ExtRecords {
  readonly #functions = new Map<string, FunctionInfo[]>()
  readonly #lines = new Map<string, LineInfo[]>()

  add({ section, startSlot, code }: PlacedFunction, typeId: number): void {
    const functions = this.#functions.get(section) ?? []
    const lines = this.#lines.get(section) ?? []
    functions.push({ pc: startSlot, typeId })
    for (const line of code.lines) lines.push({ ...line, pc: line.pc + startSlot })
    this.#functions.set(section, functions)
    this.#lines.set(section, lines)
  }

  get sections(): BtfExt {
    const sections = [...this.#functions.keys()]
    const empty = { coreRelocations: [] }
    return new Map(
      sections.map((name) => [
        name,
        { functions: this.#functions.get(name) ?? [], lines: this.#lines.get(name) ?? [], ...empty },
      ]),
    )
  }
}
