import { type ElfSectionDescription, type ElfSymbolDescription, STT_SECTION, writeElf } from '@bpfoundry/elf'
import { BPF_CALL, BPF_JMP, INSN_BYTES } from '@bpfoundry/isa'
import { linkError } from './link-error.ts'
import { isCode, type LinkedSection, LinkedSections, type Placement, sectionData } from './linked-sections.ts'
import { type LinkedSymbol, LinkedSymbols } from './linked-symbols.ts'
import { LinkedTypes } from './linked-types.ts'
import { type ObjectToLink, openSource, type SourceObject } from './source-object.ts'

const CALL = BPF_JMP | BPF_CALL

/** Where an instruction has its immediate. */
const IMM_OFFSET_BYTES = 4

/**
 * Links objects into one, as `bpftool gen object` does: sections of a name one after the other, each symbol resolved to its one
 * strong definition, or to the first weak one; types each once. What no object defines stays extern.
 *
 * @param objects at least one, all of one byte order
 * @throws {ElfError} {@link BtfError} for damaged objects
 * @throws {LoaderError} LOADER_LINK for objects that don't go together: two definitions, other types of one symbol, other licenses
 * @see tools/lib/bpf/linker.c, whose rules these are
 */
export function linkObjects(objects: readonly ObjectToLink[]): Uint8Array {
  const [sections, symbols, types] = [new LinkedSections(), new LinkedSymbols(), new LinkedTypes()]
  const sources = objects.map(openSource)
  const byteOrder = sources[0]?.elf.header.byteOrder ?? 'little'
  for (const object of sources) {
    const order = object.elf.header.byteOrder
    if (order !== byteOrder) throw linkError('the objects are of two byte orders', object.name, order, byteOrder)
    const placements = sections.add(object)
    const linked = symbols.add(object, placements, types.btf)
    for (const section of object.sections) relocate(object, section, placements, linked)
    types.add(object, placements, symbols.globals)
  }
  return write(sections.all, symbols.all, types, byteOrder)
}

type Section = SourceObject['sections'][number]

function relocate(
  object: SourceObject,
  section: Section,
  placements: ReadonlyMap<number, Placement>,
  linked: ReadonlyMap<number, LinkedSymbol>,
): void {
  const placement = placements.get(section.index)
  if (placement === undefined || placement.isRepeated) return
  const { section: target, offsetBytes: base } = placement
  for (const { offsetBytes, type, symbol, addend } of object.elf.relocationsOf(section)) {
    const name = object.elf.symbolName(symbol)
    const problem = (what: string): Error => linkError(`section '${section.name}' ${what}`, object.name, name)
    const to = linked.get(symbol.index)
    if (to === undefined) throw problem('refers to what is not linked')
    if (addend !== undefined && addend !== 0) throw problem('has a relocation with an addend of its own')
    target.relocations.push({ offsetBytes: base + offsetBytes, type, symbol: to })
    if (symbol.type !== STT_SECTION) continue
    if (!isCode(target)) throw problem('has data that refers to a section')
    moveReference(target, base + offsetBytes, placements.get(symbol.sectionIndex)?.offsetBytes ?? 0, object)
  }
}

/** An instruction says where in the section what it refers to is: farther on by what was put before. */
function moveReference(target: LinkedSection, at: number, shiftBytes: number, { elf, name }: SourceObject): void {
  const { data, offsetBytes } = target.parts.at(-1) as LinkedSection['parts'][number]
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const place = at - offsetBytes
  if (place < 0 || place + INSN_BYTES > data.length) {
    throw linkError(`section '${target.name}' has a relocation outside of it`, name, `offset ${place}`)
  }
  const little = elf.header.byteOrder === 'little'
  const shift = data[place] === CALL ? shiftBytes / INSN_BYTES : shiftBytes
  view.setInt32(place + IMM_OFFSET_BYTES, view.getInt32(place + IMM_OFFSET_BYTES, little) + shift, little)
}

function write(
  sections: readonly LinkedSection[],
  symbols: readonly LinkedSymbol[],
  types: LinkedTypes,
  byteOrder: 'little' | 'big',
): Uint8Array {
  const indices = new Map<object, number>(symbols.map((symbol, index) => [symbol, index]))
  const described: ElfSectionDescription[] = sections.map((section) => {
    const { name, type, flags, sizeBytes, alignmentBytes, entryBytes } = section
    const relocations = section.relocations.map(({ symbol, ...row }) => ({
      ...row,
      symbol: indices.get(symbol) as number,
    }))
    const facts = { name, type, flags, sizeBytes, alignmentBytes, entryBytes, data: sectionData(section) }
    return relocations.length === 0 ? facts : { ...facts, relocations }
  })
  if (!types.isEmpty) {
    const { btf, ext } = types.encode(sections, byteOrder)
    described.push({ name: '.BTF', data: btf, alignmentBytes: 4 }, { name: '.BTF.ext', data: ext, alignmentBytes: 4 })
  }
  return writeElf({ byteOrder, sections: described, symbols: symbols.map(describe) })
}

function describe({ name, section, value, sizeBytes, type, bind, visibility }: LinkedSymbol): ElfSymbolDescription {
  const at = section === undefined ? {} : { section: section?.name ?? null }
  return { name, ...at, value, sizeBytes, type, bind, visibility }
}
