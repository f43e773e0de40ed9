import {
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  EM_BPF,
  ET_REL,
  EV_CURRENT,
  SHN_ABS,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_PROGBITS,
  SHT_REL,
  SHT_STRTAB,
  SHT_SYMTAB,
  STB_GLOBAL,
  STT_NOTYPE,
} from './elf-constants.ts'
import { ELF_HEADER_BYTES, SECTION_HEADER_BYTES } from './elf-header.ts'
import { REL_BYTES } from './elf-relocation.ts'
import { SYMBOL_BYTES } from './elf-symbol.ts'

/** A section of an {@link ElfDescription}. */
export interface ElfSectionDescription {
  readonly name: string
  /** SHT_PROGBITS by default; SHT_NOBITS takes `sizeBytes` instead of data. */
  readonly type?: number
  readonly flags?: number
  readonly data?: Uint8Array
  readonly sizeBytes?: number
  /** 8 by default. */
  readonly alignmentBytes?: number
  /** Of sections of equal entries, as strings that may be merged. */
  readonly entryBytes?: number
  readonly relocations?: readonly ElfRelocationDescription[]
}

/** A symbol of an {@link ElfDescription}; global and untyped by default. Local ones must come first. */
export interface ElfSymbolDescription {
  readonly name: string
  /** Name of its section; left out: undefined (extern). `null`: absolute. */
  readonly section?: string | null
  readonly value?: number
  readonly sizeBytes?: number
  readonly type?: number
  readonly bind?: number
  /** STV_DEFAULT by default. */
  readonly visibility?: number
}

/** A SHT_REL row; `symbol` is an index into the description's symbols. */
export interface ElfRelocationDescription {
  readonly offsetBytes: number
  readonly type: number
  readonly symbol: number
}

/** What {@link writeElf} makes a file of. */
export interface ElfDescription {
  readonly byteOrder?: 'little' | 'big'
  /** EM_BPF by default. */
  readonly machine?: number
  readonly sections: readonly ElfSectionDescription[]
  readonly symbols?: readonly ElfSymbolDescription[]
}

/** Of sections that say nothing, and of all in the file. */
const ALIGNMENT_BYTES = 8

interface SectionRow {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly data: Uint8Array
  readonly sizeBytes: number
  readonly link: number
  readonly info: number
  readonly entryBytes: number
  readonly alignmentBytes?: number
}

/**
 * A relocatable ELF64 object of the sections, symbols and relocations described: for tools that make objects without a
 * compiler, and for tests of those that read them. The sections keep their order and get the indices from 1 on.
 */
export function writeElf(description: ElfDescription): Uint8Array {
  const littleEndian = description.byteOrder !== 'big'
  const rows = layOut(description, littleEndian)
  const offsets: number[] = []
  let end = ELF_HEADER_BYTES
  for (const row of rows) {
    offsets.push(end)
    end = align8(end + row.data.length)
  }
  const bytes = new Uint8Array(end + rows.length * SECTION_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  writeHeader(view, description.machine ?? EM_BPF, littleEndian, end, rows.length)
  const names = stringOffsets(rows.map(({ name }) => name))
  rows.forEach((row, index) => {
    const offset = offsets[index] as number
    bytes.set(row.data, offset)
    writeSectionHeader(
      view,
      end + index * SECTION_HEADER_BYTES,
      littleEndian,
      row,
      names.offsets[index] as number,
      offset,
    )
  })
  return bytes
}

/** The rows of the section table: empty, the caller's, their relocations, symbols, strings, section names. */
function layOut(description: ElfDescription, littleEndian: boolean): SectionRow[] {
  const { sections, symbols = [] } = description
  const relocated = sections.filter(({ relocations }) => relocations !== undefined)
  const symbolTable = 1 + sections.length + relocated.length
  const plain = { flags: 0, link: 0, info: 0, entryBytes: 0 }
  const rows: SectionRow[] = [{ ...plain, name: '', type: 0, data: new Uint8Array(), sizeBytes: 0 }]
  for (const { name, type = SHT_PROGBITS, flags = 0, data = new Uint8Array(), sizeBytes, ...more } of sections) {
    const { alignmentBytes = ALIGNMENT_BYTES, entryBytes = 0 } = more
    const stored = type === SHT_NOBITS ? new Uint8Array() : data
    const size = { sizeBytes: sizeBytes ?? data.length, alignmentBytes, entryBytes }
    rows.push({ ...plain, name, type, flags, data: stored, ...size })
  }
  for (const section of relocated) {
    const data = encodeRelocations(section.relocations ?? [], littleEndian)
    const info = 1 + sections.indexOf(section)
    const name = `.rel${section.name}`
    rows.push({
      name,
      type: SHT_REL,
      flags: 0,
      data,
      sizeBytes: data.length,
      link: symbolTable,
      info,
      entryBytes: REL_BYTES,
    })
  }
  const strings = stringOffsets(['', ...symbols.map(({ name }) => name)])
  const table = encodeSymbols(symbols, strings.offsets, sections, littleEndian)
  const firstGlobal = symbols.findIndex(({ bind = STB_GLOBAL }) => bind !== 0)
  const info = firstGlobal < 0 ? symbols.length + 1 : firstGlobal + 1
  const symtab = { name: '.symtab', type: SHT_SYMTAB, flags: 0, data: table, sizeBytes: table.length }
  rows.push({ ...symtab, link: symbolTable + 1, info, entryBytes: SYMBOL_BYTES })
  rows.push({ ...plain, name: '.strtab', type: SHT_STRTAB, data: strings.table, sizeBytes: strings.table.length })
  const names = stringOffsets([...rows.map(({ name }) => name), '.shstrtab']).table
  rows.push({ ...plain, name: '.shstrtab', type: SHT_STRTAB, data: names, sizeBytes: names.length })
  return rows
}

function encodeRelocations(relocations: readonly ElfRelocationDescription[], littleEndian: boolean): Uint8Array {
  const data = new Uint8Array(relocations.length * REL_BYTES)
  const view = new DataView(data.buffer)
  relocations.forEach(({ offsetBytes, type, symbol }, index) => {
    view.setBigUint64(index * REL_BYTES, BigInt(offsetBytes), littleEndian)
    // Row 0 of the symbol table is the reserved one.
    view.setBigUint64(index * REL_BYTES + 8, (BigInt(symbol + 1) << 32n) | BigInt(type), littleEndian)
  })
  return data
}

function encodeSymbols(
  symbols: readonly ElfSymbolDescription[],
  names: readonly number[],
  sections: readonly ElfSectionDescription[],
  littleEndian: boolean,
): Uint8Array {
  const data = new Uint8Array((symbols.length + 1) * SYMBOL_BYTES)
  const view = new DataView(data.buffer)
  symbols.forEach(
    ({ section, value = 0, sizeBytes = 0, type = STT_NOTYPE, bind = STB_GLOBAL, visibility = 0 }, index) => {
      const row = (index + 1) * SYMBOL_BYTES
      view.setUint32(row, names[index + 1] as number, littleEndian)
      view.setUint8(row + 4, (bind << 4) | type)
      view.setUint8(row + 5, visibility)
      view.setUint16(row + 6, sectionIndexOf(section, sections), littleEndian)
      view.setBigUint64(row + 8, BigInt(value), littleEndian)
      view.setBigUint64(row + 16, BigInt(sizeBytes), littleEndian)
    },
  )
  return data
}

function sectionIndexOf(section: string | null | undefined, sections: readonly ElfSectionDescription[]): number {
  if (section === undefined) return SHN_UNDEF
  if (section === null) return SHN_ABS
  return 1 + sections.findIndex(({ name }) => name === section)
}

function stringOffsets(strings: readonly string[]): { table: Uint8Array; offsets: number[] } {
  const encoder = new TextEncoder()
  const parts: Uint8Array[] = [new Uint8Array(1)]
  const offsets: number[] = []
  let length = 1
  for (const string of strings) {
    offsets.push(string === '' ? 0 : length)
    if (string === '') continue
    const bytes = encoder.encode(`${string}\0`)
    parts.push(bytes)
    length += bytes.length
  }
  const table = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    table.set(part, at)
    at += part.length
  }
  return { table, offsets }
}

function writeHeader(
  view: DataView,
  machine: number,
  littleEndian: boolean,
  sectionTable: number,
  count: number,
): void {
  const ident = [0x7f, 0x45, 0x4c, 0x46, ELFCLASS64, littleEndian ? ELFDATA2LSB : ELFDATA2MSB, EV_CURRENT]
  ident.forEach((byte, index) => {
    view.setUint8(index, byte)
  })
  view.setUint16(16, ET_REL, littleEndian)
  view.setUint16(18, machine, littleEndian)
  view.setUint32(20, EV_CURRENT, littleEndian)
  view.setBigUint64(40, BigInt(sectionTable), littleEndian)
  view.setUint16(52, ELF_HEADER_BYTES, littleEndian)
  view.setUint16(58, SECTION_HEADER_BYTES, littleEndian)
  view.setUint16(60, count, littleEndian)
  view.setUint16(62, count - 1, littleEndian)
}

function writeSectionHeader(
  view: DataView,
  at: number,
  littleEndian: boolean,
  row: SectionRow,
  name: number,
  offset: number,
): void {
  if (row.type === 0) return
  view.setUint32(at, name, littleEndian)
  view.setUint32(at + 4, row.type, littleEndian)
  view.setBigUint64(at + 8, BigInt(row.flags), littleEndian)
  view.setBigUint64(at + 24, BigInt(offset), littleEndian)
  view.setBigUint64(at + 32, BigInt(row.sizeBytes), littleEndian)
  view.setUint32(at + 40, row.link, littleEndian)
  view.setUint32(at + 44, row.info, littleEndian)
  view.setBigUint64(at + 48, BigInt(row.alignmentBytes ?? ALIGNMENT_BYTES), littleEndian)
  view.setBigUint64(at + 56, BigInt(row.entryBytes), littleEndian)
}

function align8(offset: number): number {
  return (offset + 7) & ~7
}
