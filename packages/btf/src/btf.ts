/** Parsed type information. */
export interface Btf {
  readonly byteOrder: 'little' | 'big'
}
