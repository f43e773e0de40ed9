import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/** The cases of an {@link ElfError}. */
export type ElfErrorCode =
  /** The file ends before something that must be in it. */
  | 'ELF_TRUNCATED'
  /** No ELF magic. */
  | 'ELF_NOT_ELF'
  /** Not 64-bit. */
  | 'ELF_CLASS'
  /** Neither little- nor big-endian. */
  | 'ELF_BYTE_ORDER'
  /** A format version other than 1. */
  | 'ELF_VERSION'
  /** Another machine than the caller asked for. */
  | 'ELF_MACHINE'
  /** Another file type than the caller asked for. */
  | 'ELF_TYPE'
  /** A header field contradicts the format: entry sizes, counts, the name table's index. */
  | 'ELF_HEADER'
  /** A section lies outside the file, or its size is no whole number of entries. */
  | 'ELF_SECTION_BOUNDS'
  /** Two sections share bytes. */
  | 'ELF_SECTION_OVERLAP'
  /** A section's link or info names no section, or one of the wrong type. */
  | 'ELF_SECTION_LINK'
  /** A string is out of its table, not terminated, or absurdly long. */
  | 'ELF_STRING'
  /** A symbol names no section or lies outside it. */
  | 'ELF_SYMBOL'
  /** A relocation names no symbol or lies outside its target. */
  | 'ELF_RELOCATION'

/** What this package throws at a file it can't read. `where.offsetBytes` is the place in the file. */
export class ElfError extends Diagnostic {
  declare readonly code: ElfErrorCode

  constructor(fields: DiagnosticFields & { readonly code: ElfErrorCode }) {
    super(fields)
  }
}
