/** Kinds of a BTF type, the `BTF_KIND_*` of the format. @see Documentation/bpf/btf.rst of Linux 6.12, section 2.2 */
export const BTF_KIND = {
  VOID: 0,
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FWD: 7,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const

/** A number of {@link BTF_KIND}. */
export type BtfKind = (typeof BTF_KIND)[keyof typeof BTF_KIND]

const NAMES: readonly string[] = Object.keys(BTF_KIND)

/** `STRUCT` for 4, as bpftool writes it; `UNKNOWN` for a number that is no kind. */
export function btfKindName(kind: number): string {
  return NAMES[kind] ?? 'UNKNOWN'
}

/** Bits of an INT's encoding; at most one is set. */
export const BTF_INT_ENCODING = { SIGNED: 1, CHAR: 2, BOOL: 4 } as const

/** Linkage of a FUNC or VAR. */
export const BTF_LINKAGE = { STATIC: 0, GLOBAL: 1, EXTERN: 2 } as const

/** Highest type id. */
export const BTF_MAX_TYPE = 0x000fffff

/** Highest offset of a name in the string section. */
export const BTF_MAX_NAME_OFFSET = 0x00ffffff
