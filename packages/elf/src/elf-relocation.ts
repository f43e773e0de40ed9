import type { ByteSource } from './byte-source.ts'
import { ET_REL, SHT_RELA } from './elf-constants.ts'
import { ElfError } from './elf-error.ts'
import type { ElfSection } from './elf-section.ts'
import type { ElfSymbol } from './elf-symbol.ts'

/** Bytes of an Elf64_Rel and of an Elf64_Rela. */
export const REL_BYTES = 16
export const RELA_BYTES = 24

/** One row of a relocation section (Elf64_Rel or Elf64_Rela). */
export interface ElfRelocation {
  /** Byte offset of the place to change, in the target section. */
  readonly offsetBytes: number
  /** R_<machine>_* */
  readonly type: number
  readonly symbol: ElfSymbol
  /** Of a SHT_RELA row. A SHT_REL row keeps its addend in the place to change. */
  readonly addend?: number
}

/** All rows of the relocation section `table`, whose bounds and entry size have been checked. */
export function readRelocations(
  source: ByteSource,
  fileType: number,
  table: ElfSection,
  target: ElfSection,
  symbols: readonly ElfSymbol[],
): readonly ElfRelocation[] {
  const isRela = table.type === SHT_RELA
  const entryBytes = isRela ? RELA_BYTES : REL_BYTES
  const relocations: ElfRelocation[] = []
  for (let row = table.offsetBytes; row < table.offsetBytes + table.sizeBytes; row += entryBytes) {
    const info = BigInt.asUintN(64, source.s64(row + 8))
    const symbolIndex = Number(info >> 32n)
    const symbol = symbols[symbolIndex]
    const offsetBytes = source.u64(row)
    const problem = (message: string, got: string, expected: string): ElfError =>
      new ElfError({ code: 'ELF_RELOCATION', message, where: source.place(row, table.name), got, expected })
    if (symbol === undefined) {
      throw problem('relocation names no symbol', `symbol ${symbolIndex}`, `below ${symbols.length}`)
    }
    if (fileType === ET_REL && offsetBytes >= target.sizeBytes) {
      throw problem(
        `relocation lies outside section ${target.name}`,
        `offset ${offsetBytes}`,
        `below ${target.sizeBytes}`,
      )
    }
    const relocation = { offsetBytes, type: Number(info & 0xffffffffn), symbol }
    relocations.push(isRela ? { ...relocation, addend: Number(source.s64(row + 16)) } : relocation)
  }
  return relocations
}
