import type { ByteSource } from './byte-source.ts'
import { ET_REL, SHN_LORESERVE, SHN_XINDEX, SHT_SYMTAB_SHNDX } from './elf-constants.ts'
import { ElfError } from './elf-error.ts'
import type { ElfSection } from './elf-section.ts'
import type { StringTable } from './string-table.ts'

/** Bytes of an Elf64_Sym. */
export const SYMBOL_BYTES = 24

/** One row of a symbol table (Elf64_Sym). */
export interface ElfSymbol {
  readonly index: number
  /** Empty for most section symbols; {@link ElfFile.symbolName} falls back on the section's name. */
  readonly name: string
  /** In a relocatable file, the byte offset in its section. */
  readonly value: number
  readonly sizeBytes: number
  /** STT_* */
  readonly type: number
  /** STB_* */
  readonly bind: number
  /** STV_* */
  readonly visibility: number
  /** Index of the section it lies in, or SHN_UNDEF, SHN_ABS, SHN_COMMON. Extended indices are resolved. */
  readonly sectionIndex: number
}

/** What {@link readSymbols} needs to know of the file around the table. */
export interface SymbolContext {
  readonly source: ByteSource
  readonly fileType: number
  readonly sections: readonly ElfSection[]
  readonly names: StringTable
}

/** All rows of the symbol table `table`, whose bounds and entry size have been checked. */
export function readSymbols(context: SymbolContext, table: ElfSection): readonly ElfSymbol[] {
  const count = table.sizeBytes / SYMBOL_BYTES
  const extended = context.sections.find(({ type, link }) => type === SHT_SYMTAB_SHNDX && link === table.index)
  const symbols: ElfSymbol[] = []
  for (let index = 0; index < count; index++) {
    const row = table.offsetBytes + index * SYMBOL_BYTES
    const symbol = readSymbol(context, row, index, extended)
    checkSymbol(context, row, symbol)
    symbols.push(symbol)
  }
  return symbols
}

function readSymbol(
  { source, names }: SymbolContext,
  row: number,
  index: number,
  extended: ElfSection | undefined,
): ElfSymbol {
  const info = source.bytes[row + 4] as number
  const written = source.u16(row + 6)
  return {
    index,
    name: names.at(source.u32(row), row),
    value: source.u64(row + 8),
    sizeBytes: source.u64(row + 16),
    type: info & 0xf,
    bind: info >>> 4,
    visibility: (source.bytes[row + 5] as number) & 0x3,
    sectionIndex: written === SHN_XINDEX ? extendedIndex(source, row, index, extended) : written,
  }
}

function extendedIndex(source: ByteSource, row: number, index: number, extended: ElfSection | undefined): number {
  if (extended !== undefined && (index + 1) * 4 <= extended.sizeBytes)
    return source.u32(extended.offsetBytes + index * 4)
  throw new ElfError({
    code: 'ELF_SYMBOL',
    message: 'symbol with an extended section index, but no table that holds it',
    where: source.place(row),
    got: 'SHN_XINDEX',
    expected: `a SHT_SYMTAB_SHNDX section of at least ${index + 1} entries`,
  })
}

/** A symbol of a relocatable file lies within the section it names. */
function checkSymbol({ source, fileType, sections }: SymbolContext, row: number, symbol: ElfSymbol): void {
  const { name, index, sectionIndex, value, sizeBytes } = symbol
  const label = name === '' ? `symbol ${index}` : `symbol '${name}'`
  const isReserved = sectionIndex >= SHN_LORESERVE && sectionIndex <= SHN_XINDEX && sectionIndex >= sections.length
  if (isReserved || sectionIndex === 0) return
  const section = sections[sectionIndex]
  if (section === undefined) {
    throw new ElfError({
      code: 'ELF_SYMBOL',
      message: `${label} names no section`,
      where: source.place(row),
      got: `section ${sectionIndex}`,
      expected: `below ${sections.length}`,
    })
  }
  if (fileType === ET_REL && value + sizeBytes > section.sizeBytes) {
    throw new ElfError({
      code: 'ELF_SYMBOL',
      message: `${label} ends past its section`,
      where: source.place(row, section.name),
      got: `${sizeBytes} bytes at ${value}`,
      expected: `an end within ${section.sizeBytes} bytes`,
    })
  }
}
