import type { BTF_KIND } from './btf-kind.ts'

/** What every type has. Ids count from 1; 0 is `void`. */
interface BtfTypeBase {
  readonly id: number
  /** Empty for an anonymous type. */
  readonly name: string
  /** Where the name lies in the string section; 0 for an anonymous type. */
  readonly nameOffset: number
}

/** A member, parameter or enumerator: something inside a type that has a name. */
interface BtfNamed {
  readonly name: string
  readonly nameOffset: number
}

export interface BtfVoid extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.VOID
}

export interface BtfInt extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.INT
  readonly sizeBytes: number
  /** Of {@link BTF_INT_ENCODING}, or 0. */
  readonly encoding: number
  /** Where the value begins in its storage; nonzero only in old bit-fields. */
  readonly bitOffset: number
  readonly bits: number
}

export interface BtfPtr extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.PTR
  readonly typeId: number
}

/** A type that is the one it names, as far as its values go. */
export interface BtfModifier extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.TYPEDEF | typeof BTF_KIND.VOLATILE | typeof BTF_KIND.CONST | typeof BTF_KIND.RESTRICT
  readonly typeId: number
}

/** `__attribute__((btf_type_tag(name)))`, or with `attribute` another attribute of that text (kernels from 6.14 on). */
export interface BtfTypeTag extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.TYPE_TAG
  readonly typeId: number
  readonly attribute: boolean
}

export interface BtfArray extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.ARRAY
  readonly elementTypeId: number
  readonly indexTypeId: number
  /** Number of elements. */
  readonly length: number
}

export interface BtfMember extends BtfNamed {
  readonly typeId: number
  /** From the start of the struct. */
  readonly bitOffset: number
  /** Width of a bit-field; 0 for a plain member. */
  readonly bitfieldBits: number
}

export interface BtfComposite extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.STRUCT | typeof BTF_KIND.UNION
  readonly sizeBytes: number
  readonly members: readonly BtfMember[]
  /** Whether the members are written with bit-field widths; true when any has one. */
  readonly kindFlag: boolean
}

export interface BtfEnumerator extends BtfNamed {
  readonly value: bigint
}

export interface BtfEnum extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.ENUM | typeof BTF_KIND.ENUM64
  readonly sizeBytes: number
  readonly signed: boolean
  readonly values: readonly BtfEnumerator[]
}

export interface BtfFwd extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.FWD
  readonly isUnion: boolean
}

export interface BtfFunc extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.FUNC
  /** Its FUNC_PROTO. */
  readonly typeId: number
  /** Of {@link BTF_LINKAGE}. */
  readonly linkage: number
}

/** A parameter of type 0 without a name, in the last place, stands for `...`. */
export interface BtfParameter extends BtfNamed {
  readonly typeId: number
}

export interface BtfFuncProto extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.FUNC_PROTO
  readonly returnTypeId: number
  readonly parameters: readonly BtfParameter[]
}

export interface BtfVar extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.VAR
  readonly typeId: number
  /** Of {@link BTF_LINKAGE}. */
  readonly linkage: number
}

/** A variable's place in its section. clang leaves offsets and sizes of some to the loader. */
export interface BtfDatasecEntry {
  readonly typeId: number
  readonly offsetBytes: number
  readonly sizeBytes: number
}

export interface BtfDatasec extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.DATASEC
  readonly sizeBytes: number
  readonly entries: readonly BtfDatasecEntry[]
}

export interface BtfFloat extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.FLOAT
  readonly sizeBytes: number
}

export interface BtfDeclTag extends BtfTypeBase {
  readonly kind: typeof BTF_KIND.DECL_TAG
  readonly typeId: number
  /** Index of the member or parameter that is tagged; -1 for the declaration as a whole. */
  readonly componentIndex: number
  readonly attribute: boolean
}

/** One type; `kind` tells which. */
export type BtfType =
  | BtfVoid
  | BtfInt
  | BtfPtr
  | BtfModifier
  | BtfTypeTag
  | BtfArray
  | BtfComposite
  | BtfEnum
  | BtfFwd
  | BtfFunc
  | BtfFuncProto
  | BtfVar
  | BtfDatasec
  | BtfFloat
  | BtfDeclTag

/** The type of one kind: `BtfTypeOf<typeof BTF_KIND.STRUCT>` is {@link BtfComposite}. */
export type BtfTypeOf<K extends BtfType['kind'], T extends BtfType = BtfType> = T extends { readonly kind: infer Kinds }
  ? K extends Kinds
    ? T
    : never
  : never
