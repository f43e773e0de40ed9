export * from './elf-constants.ts'
export type { ElfErrorCode } from './elf-error.ts'
export { ElfError } from './elf-error.ts'
export type { ElfReadOptions } from './elf-file.ts'
export { ElfFile, readElf } from './elf-file.ts'
export type { ElfHeader } from './elf-header.ts'
export type { ElfRelocation } from './elf-relocation.ts'
export type { ElfSection } from './elf-section.ts'
export type { ElfSymbol } from './elf-symbol.ts'
export type {
  ElfDescription,
  ElfRelocationDescription,
  ElfSectionDescription,
  ElfSymbolDescription,
} from './elf-writer.ts'
export { writeElf } from './elf-writer.ts'
