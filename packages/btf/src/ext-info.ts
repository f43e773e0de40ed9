/** One entry of .BTF.ext func_info: the function (a BTF FUNC type id) that starts at slot `pc` of the program. */
export interface FunctionInfo {
  readonly pc: number
  readonly typeId: number
}

/** One entry of .BTF.ext line_info, strings resolved: the source of slot `pc` and those after it. Line and column from 1; column 0 is unknown. */
export interface LineInfo {
  readonly pc: number
  readonly file: string
  readonly text: string
  readonly line: number
  readonly column: number
}

/** What a CO-RE relocation asks for, `enum bpf_core_relo_kind`. @see include/uapi/linux/bpf.h */
export const CORE_RELOCATION = {
  FIELD_BYTE_OFFSET: 0,
  FIELD_BYTE_SIZE: 1,
  FIELD_EXISTS: 2,
  FIELD_SIGNED: 3,
  FIELD_LSHIFT_U64: 4,
  FIELD_RSHIFT_U64: 5,
  TYPE_ID_LOCAL: 6,
  TYPE_ID_TARGET: 7,
  TYPE_EXISTS: 8,
  TYPE_SIZE: 9,
  ENUMVAL_EXISTS: 10,
  ENUMVAL_VALUE: 11,
  TYPE_MATCHES: 12,
} as const

const CORE_NAMES: readonly string[] = [
  'byte_off',
  'byte_sz',
  'field_exists',
  'signed',
  'lshift_u64',
  'rshift_u64',
  'local_type_id',
  'target_type_id',
  'type_exists',
  'type_size',
  'enumval_exists',
  'enumval_value',
  'type_matches',
]

/** The kernel's log name: `byte_off` for FIELD_BYTE_OFFSET. */
export function coreRelocationName(kind: number): string {
  return CORE_NAMES[kind] ?? `unknown (${kind})`
}

/** One CO-RE relocation record: slot `pc` depends on how the running kernel lays out a type. */
export interface CoreRelocation {
  readonly pc: number
  /** The type as the program knew it. */
  readonly typeId: number
  /** The way to the field, `0:1:2`; or the index of an enumerator. */
  readonly access: string
  /** Of {@link CORE_RELOCATION}. */
  readonly kind: number
}

/** The records of .BTF.ext about one section's code; `pc` counts slots from the section's start. */
export interface SectionInfo {
  readonly functions: readonly FunctionInfo[]
  readonly lines: readonly LineInfo[]
  readonly coreRelocations: readonly CoreRelocation[]
}

/** A decoded .BTF.ext section: by ELF section name. */
export type BtfExt = ReadonlyMap<string, SectionInfo>
