/** Types as C has them on a 64-bit little-endian Linux (LP64): what clang's bpf target has, too. */
export type CType =
  | CVoid
  | CInteger
  | CFloat
  | CPointer
  | CArray
  | CRecord
  | CEnum
  | CFunctionType
  | CTypedef
  | CQualified

export interface CVoid {
  readonly kind: 'void'
}

export interface CInteger {
  readonly kind: 'integer'
  /** As BTF and clang spell it: `int`, `unsigned long long`, `_Bool`, `char`. */
  readonly name: string
  readonly sizeBytes: number
  readonly signed: boolean
}

export interface CFloat {
  readonly kind: 'float'
  readonly name: string
  readonly sizeBytes: number
}

export interface CPointer {
  readonly kind: 'pointer'
  readonly target: CType
  /** btf_type_tag attributes of the target, outermost first. */
  readonly typeTags: readonly string[]
}

export interface CArray {
  readonly kind: 'array'
  readonly element: CType
  /** Undefined for `[]` without an initialiser. */
  readonly length: number | undefined
}

/** struct or union. */
export interface CRecord {
  readonly kind: 'struct' | 'union'
  /** Empty when anonymous. */
  readonly tag: string
  /** Undefined while only declared. Filled in when the definition is read, since records refer to themselves. */
  members: readonly CMember[] | undefined
  sizeBytes: number
  alignmentBytes: number
}

export interface CMember {
  /** Empty for an anonymous struct or union, whose members are found through it. */
  readonly name: string
  readonly type: CType
  readonly offsetBits: number
  /** Of a bit-field. */
  readonly widthBits?: number
}

export interface CEnum {
  readonly kind: 'enum'
  readonly tag: string
  readonly enumerators: readonly { readonly name: string; readonly value: bigint }[]
  readonly sizeBytes: number
  readonly signed: boolean
}

export interface CFunctionType {
  readonly kind: 'function'
  readonly result: CType
  readonly parameters: readonly { readonly name: string; readonly type: CType }[]
  readonly variadic: boolean
}

export interface CTypedef {
  readonly kind: 'typedef'
  readonly name: string
  readonly target: CType
  /** Where an attribute of the typedef aligns it more than its target. */
  readonly alignmentBytes?: number
}

/** const, volatile, restrict: kept, since BTF has them. */
export interface CQualified {
  readonly kind: 'const' | 'volatile' | 'restrict'
  readonly target: CType
}
