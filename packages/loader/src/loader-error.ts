import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/** The cases of a {@link LoaderError}. */
export type LoaderErrorCode =
  /** A section of code whose name is no program type. */
  | 'LOADER_SECTION_UNKNOWN'
  /** A section whose size or contents can't be right. */
  | 'LOADER_SECTION'
  /** A function symbol that can't be right: misaligned, overlapping, static where a program must be global. */
  | 'LOADER_FUNCTION'
  /** Two programs or two maps of one name. */
  | 'LOADER_DUPLICATE'
  /** A relocation of an unknown type, or of an instruction that takes none, or to nothing a program can name. */
  | 'LOADER_RELOCATION'
  /** A call that leads to no function. */
  | 'LOADER_CALL'
  /** A map that is not declared as a map. */
  | 'LOADER_MAP_DEFINITION'
  /** More instructions than any kernel takes. */
  | 'LOADER_TOO_LARGE'
  /** Something this loader can't do yet; docs/parity/loader.md lists it. */
  | 'LOADER_UNSUPPORTED'
  /** The kernel lacks a function, variable or type that a program needs, or has another one of that name. */
  | 'LOADER_KERNEL_SYMBOL'
  /** No such variable, or a value that does not fit it, or the CPUs of a map. */
  | 'LOADER_VARIABLE'
  /** A program asked for that the object does not hold. */
  | 'LOADER_PROGRAM_UNKNOWN'
  /** A file that holds no type information. */
  | 'LOADER_NO_TYPES'
  /** Objects that can't be linked into one. */
  | 'LOADER_LINK'
  /** A type asked for that the object does not have, or that has no values. */
  | 'LOADER_TYPE_UNKNOWN'
  /** A name for a skeleton that is none in TypeScript. */
  | 'LOADER_SKELETON_NAME'
  /** Initial contents that name a map or program that is not there. */
  | 'LOADER_CONTENTS'
  /** An object of the byte order that the kernel does not have. */
  | 'LOADER_BYTE_ORDER'

/** What this package throws at an object it can't load, and keeps as a warning for what it tolerates. */
export class LoaderError extends Diagnostic {
  declare readonly code: LoaderErrorCode

  constructor(fields: DiagnosticFields & { readonly code: LoaderErrorCode }) {
    super(fields)
  }
}
