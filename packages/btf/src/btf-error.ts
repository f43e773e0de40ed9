import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/** The cases of a {@link BtfError}. */
export type BtfErrorCode =
  /** The data ends before something that must be in it. */
  | 'BTF_TRUNCATED'
  /** The magic number, version, flags or header length is none that this reader knows. */
  | 'BTF_HEADER'
  /** The type and string sections overlap, leave a gap, or end past the data. */
  | 'BTF_SECTION_BOUNDS'
  /** A string offset is out of range, or the string section is malformed. */
  | 'BTF_STRING'
  /** A kind that is not 1..19. */
  | 'BTF_KIND'
  /** Reserved bits, a count or a kind flag that the kind does not allow. */
  | 'BTF_INFO'
  /** A type id that is out of range, or names a type of the wrong kind. */
  | 'BTF_TYPE_ID'
  /** Types that contain themselves, or a chain of modifiers that is too long. */
  | 'BTF_CYCLE'
  /** A name that the kernel does not accept. */
  | 'BTF_NAME'
  /** A size, offset or width that contradicts the type. */
  | 'BTF_SIZE'
  /** More types than the format allows. */
  | 'BTF_TOO_MANY_TYPES'
  /** A type that a module expects of its kernel, which has none such. */
  | 'BTF_BASE'
  /** Types that no C can be made of: a definition needs itself, or they are too deep or too many within each other. */
  | 'BTF_C_OUTPUT'
  /** A `.maps` variable that is no map definition. */
  | 'BTF_MAP_DEFINITION'
  /** A value that its type can't hold. */
  | 'BTF_VALUE'

/** What this package throws at type information it can't accept. `where.offsetBytes` counts from the section's start. */
export class BtfError extends Diagnostic {
  declare readonly code: BtfErrorCode

  constructor(fields: DiagnosticFields & { readonly code: BtfErrorCode }) {
    super(fields)
  }
}
