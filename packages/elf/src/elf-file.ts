import type { ByteSource } from './byte-source.ts'
import {
  EM_BPF,
  ET_REL,
  SHT_NOBITS,
  SHT_NULL,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  STT_SECTION,
} from './elf-constants.ts'
import { ElfError } from './elf-error.ts'
import { type ElfHeader, readHeader } from './elf-header.ts'
import { type ElfRelocation, REL_BYTES, RELA_BYTES, readRelocations } from './elf-relocation.ts'
import { type ElfSection, readSections } from './elf-section.ts'
import { type ElfSymbol, readSymbols, SYMBOL_BYTES } from './elf-symbol.ts'
import { StringTable } from './string-table.ts'

/**
 * An ELF64 file, read in place: the header and section table when it is opened, symbols and relocations when asked for.
 * What is handed out are views of the bytes given; don't change those meanwhile.
 */
export class ElfFile {
  readonly header: ElfHeader
  /** In file order; index 0 is the reserved empty section. Empty when the file has no section header table. */
  readonly sections: readonly ElfSection[]
  readonly #source: ByteSource
  #symbols: readonly ElfSymbol[] | undefined
  #relocationTables: Map<number, ElfSection[]> | undefined

  constructor(source: ByteSource, header: ElfHeader, sections: readonly ElfSection[]) {
    this.#source = source
    this.header = header
    this.sections = sections
  }

  /** The first section of that name. */
  section(name: string): ElfSection | undefined {
    return this.sections.find((section) => section.name === name)
  }

  /** A view of the section's bytes; empty for SHT_NOBITS and SHT_NULL. */
  data(section: ElfSection): Uint8Array {
    if (section.type === SHT_NOBITS || section.type === SHT_NULL) return this.#source.bytes.subarray(0, 0)
    return this.#source.bytes.subarray(section.offsetBytes, section.offsetBytes + section.sizeBytes)
  }

  /**
   * The rows of the (only) SHT_SYMTAB; empty when there is none. Row 0 is the reserved undefined symbol.
   *
   * @throws {ElfError} ELF_SECTION_BOUNDS, ELF_SECTION_LINK, ELF_STRING, ELF_SYMBOL
   */
  get symbols(): readonly ElfSymbol[] {
    this.#symbols ??= this.#readSymbols()
    return this.#symbols
  }

  /** The symbol's name; a section symbol without one goes by its section's. */
  symbolName(symbol: ElfSymbol): string {
    if (symbol.name !== '' || symbol.type !== STT_SECTION) return symbol.name
    return this.sections[symbol.sectionIndex]?.name ?? ''
  }

  /**
   * Every relocation of `target`, in file order, of all SHT_REL and SHT_RELA sections that name it.
   *
   * @throws {ElfError} ELF_SECTION_BOUNDS, ELF_SECTION_LINK, ELF_RELOCATION, and what {@link symbols} throws
   */
  relocationsOf(target: ElfSection): readonly ElfRelocation[] {
    this.#relocationTables ??= groupByTarget(this.sections)
    const tables = this.#relocationTables.get(target.index) ?? []
    return tables.flatMap((table) => this.#readRelocations(table, target))
  }

  /** @throws {ElfError} ELF_MACHINE when the file is for another machine (EM_*). */
  expectMachine(machine: number): void {
    if (this.header.machine === machine) return
    throw new ElfError({
      code: 'ELF_MACHINE',
      message: 'the object is for another machine',
      where: this.#source.place(18),
      got: `e_machine ${this.header.machine}`,
      expected: `e_machine ${machine}${machine === EM_BPF ? ' (BPF)' : ''}`,
      ...(machine === EM_BPF ? { hint: 'compile with `clang -target bpf`' } : {}),
    })
  }

  /** @throws {ElfError} ELF_TYPE when the file is of another type (ET_*). */
  expectType(type: number): void {
    if (this.header.type === type) return
    throw new ElfError({
      code: 'ELF_TYPE',
      message: 'the ELF file is of another type',
      where: this.#source.place(16),
      got: `e_type ${this.header.type}`,
      expected: `e_type ${type}${type === ET_REL ? ' (relocatable)' : ''}`,
      ...(type === ET_REL ? { hint: 'give the object file, before any linker made it a program' } : {}),
    })
  }

  #readSymbols(): readonly ElfSymbol[] {
    const table = this.sections.find(({ type }) => type === SHT_SYMTAB)
    if (table === undefined) return []
    this.#checkEntries(table, SYMBOL_BYTES)
    const strings = this.#linked(table, table.link, 'link', SHT_STRTAB)
    const names = new StringTable(this.#source, strings.offsetBytes, strings.sizeBytes)
    return readSymbols({ source: this.#source, fileType: this.header.type, sections: this.sections, names }, table)
  }

  #readRelocations(table: ElfSection, target: ElfSection): readonly ElfRelocation[] {
    this.#checkEntries(table, table.type === SHT_RELA ? RELA_BYTES : REL_BYTES)
    this.#linked(table, table.link, 'link', SHT_SYMTAB)
    return readRelocations(this.#source, this.header.type, table, target, this.symbols)
  }

  #checkEntries(table: ElfSection, entryBytes: number): void {
    if (table.entryBytes === entryBytes && table.sizeBytes % entryBytes === 0) return
    throw new ElfError({
      code: 'ELF_SECTION_BOUNDS',
      message: 'section is no whole number of entries',
      where: this.#source.place(table.offsetBytes, table.name),
      got: `${table.sizeBytes} bytes in entries of ${table.entryBytes}`,
      expected: `entries of ${entryBytes} bytes`,
    })
  }

  #linked(from: ElfSection, index: number, field: string, type: number): ElfSection {
    const section = this.sections[index]
    if (section !== undefined && section.type === type && index !== from.index) return section
    throw new ElfError({
      code: 'ELF_SECTION_LINK',
      message: `sh_${field} names no section of the right type`,
      where: this.#source.place(from.offsetBytes, from.name),
      got:
        section === undefined
          ? `section ${index} of ${this.sections.length}`
          : `section ${index} of type ${section.type}`,
      expected: `a section of type ${type}`,
    })
  }
}

function groupByTarget(sections: readonly ElfSection[]): Map<number, ElfSection[]> {
  const tables = new Map<number, ElfSection[]>()
  for (const section of sections) {
    if (section.type !== SHT_REL && section.type !== SHT_RELA) continue
    const known = tables.get(section.info)
    if (known === undefined) tables.set(section.info, [section])
    else known.push(section)
  }
  return tables
}

/** Options of {@link readElf}. */
export interface ElfReadOptions {
  /** What errors call the input: a file name. */
  readonly name?: string
}

/**
 * Opens an ELF64 file of either byte order, any machine and type.
 *
 * @param bytes the whole file; kept and viewed, not copied
 * @throws {ElfError} ELF_NOT_ELF, ELF_CLASS, ELF_BYTE_ORDER, ELF_VERSION, ELF_HEADER, ELF_TRUNCATED, ELF_STRING,
 *   ELF_SECTION_BOUNDS, ELF_SECTION_OVERLAP
 * @see System V Application Binary Interface, chapter 4 "Object Files"
 */
export function readElf(bytes: Uint8Array, options: ElfReadOptions = {}): ElfFile {
  const { source, header } = readHeader(bytes, options.name)
  return new ElfFile(source, header, readSections(source, header))
}
