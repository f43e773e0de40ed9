import type { ByteSource } from './byte-source.ts'
import { SHN_XINDEX, SHT_NOBITS, SHT_NULL, SHT_STRTAB } from './elf-constants.ts'
import { ElfError } from './elf-error.ts'
import { ELF_HEADER_BYTES, type ElfHeader, SECTION_HEADER_BYTES } from './elf-header.ts'
import { StringTable } from './string-table.ts'

/** One row of the section header table (Elf64_Shdr). */
export interface ElfSection {
  readonly index: number
  readonly name: string
  /** SHT_* */
  readonly type: number
  /** SHF_*, the low 32 bits. */
  readonly flags: number
  readonly offsetBytes: number
  /** Size in memory; a SHT_NOBITS section has no bytes in the file. */
  readonly sizeBytes: number
  /** Index of an associated section, by type: a symbol table's strings, a relocation's symbols. */
  readonly link: number
  /** By type: the section that a relocation section changes. */
  readonly info: number
  readonly alignmentBytes: number
  readonly entryBytes: number
}

/** Reads the section header table and checks that every section lies in the file and shares no byte with another. */
export function readSections(source: ByteSource, header: ElfHeader): readonly ElfSection[] {
  const table = header.sectionHeaderOffset
  if (table === 0) return []
  source.need(table, SECTION_HEADER_BYTES, 'the section header table')
  // Over 65,279 sections, the counts move to the otherwise empty section 0.
  const count = header.sectionHeaderCount === 0 ? source.u64(table + 32) : header.sectionHeaderCount
  const nameIndex = header.sectionNameIndex === SHN_XINDEX ? source.u32(table + 40) : header.sectionNameIndex
  source.need(table, count * SECTION_HEADER_BYTES, 'the section header table')
  const names = openNames(source, table, count, nameIndex)
  const sections: ElfSection[] = []
  for (let index = 0; index < count; index++) {
    const row = table + index * SECTION_HEADER_BYTES
    const section = readSection(source, row, index, names)
    if (section.type !== SHT_NULL) checkBounds(source, row, section)
    sections.push(section)
  }
  checkOverlaps(source, sections, table, count)
  return sections
}

function readSection(source: ByteSource, row: number, index: number, names: StringTable): ElfSection {
  return {
    index,
    name: names.at(source.u32(row), row),
    type: source.u32(row + 4),
    flags: flagsOf(source, row + 8),
    offsetBytes: source.u64(row + 24),
    sizeBytes: source.u64(row + 32),
    link: source.u32(row + 40),
    info: source.u32(row + 44),
    alignmentBytes: source.u64(row + 48),
    entryBytes: source.u64(row + 56),
  }
}

/** The low half of a 64-bit flags field; no flag that matters here is above it. */
function flagsOf(source: ByteSource, offset: number): number {
  return Number(BigInt.asUintN(32, source.s64(offset)))
}

/** The table that section names are in; an empty one when the header names none. */
function openNames(source: ByteSource, table: number, count: number, nameIndex: number): StringTable {
  if (nameIndex === 0) return new StringTable(source, 0, 0)
  const row = table + nameIndex * SECTION_HEADER_BYTES
  if (nameIndex >= count || source.u32(row + 4) !== SHT_STRTAB) {
    throw new ElfError({
      code: 'ELF_HEADER',
      message: 'e_shstrndx names no string table',
      where: source.place(62),
      got:
        nameIndex >= count ? `section ${nameIndex} of ${count}` : `section ${nameIndex} of type ${source.u32(row + 4)}`,
      expected: 'the index of a SHT_STRTAB section',
    })
  }
  const offset = source.u64(row + 24)
  const size = source.u64(row + 32)
  source.need(offset, size, 'the table of section names')
  return new StringTable(source, offset, size)
}

function checkBounds(source: ByteSource, row: number, section: ElfSection): void {
  const { offsetBytes, sizeBytes, type } = section
  const fileBytes = source.bytes.length
  const end = type === SHT_NOBITS ? 0 : offsetBytes + sizeBytes
  if (end <= fileBytes && Number.isFinite(sizeBytes)) return
  throw new ElfError({
    code: 'ELF_SECTION_BOUNDS',
    message: 'section ends past the file',
    where: source.place(row, section.name),
    got: `${sizeBytes} bytes at offset ${offsetBytes}`,
    expected: `an end within ${fileBytes} bytes`,
    hint: 'the file was cut or is damaged; build or copy it again',
  })
}

/** No byte of a file belongs to two sections, nor to a section and a header. */
function checkOverlaps(source: ByteSource, sections: readonly ElfSection[], table: number, count: number): void {
  const spans = sections
    .filter(({ type, sizeBytes }) => type !== SHT_NULL && type !== SHT_NOBITS && sizeBytes > 0)
    .map(({ name, offsetBytes, sizeBytes, index }) => ({
      name: `section ${index} (${name})`,
      start: offsetBytes,
      end: offsetBytes + sizeBytes,
      row: table + index * SECTION_HEADER_BYTES,
    }))
  spans.push({ name: 'the ELF header', start: 0, end: ELF_HEADER_BYTES, row: 0 })
  spans.push({ name: 'the section header table', start: table, end: table + count * SECTION_HEADER_BYTES, row: 40 })
  spans.sort((a, b) => a.start - b.start)
  for (let i = 1; i < spans.length; i++) {
    const [before, after] = [spans[i - 1], spans[i]]
    if (before === undefined || after === undefined || after.start >= before.end) continue
    throw new ElfError({
      code: 'ELF_SECTION_OVERLAP',
      message: `${after.name} overlaps ${before.name}`,
      where: source.place(after.row),
      got: `start at offset ${after.start}`,
      expected: `${before.end} or later`,
      hint: 'the file is damaged; build or copy it again',
    })
  }
}
