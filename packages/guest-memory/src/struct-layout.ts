/** Field types of a structure in guest memory; all little-endian, naturally aligned. `ptr` is a u64 guest address. */
export type FieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'f64' | 'ptr'

/** One value, or an array of so many: `['u8', 16]`. */
export type FieldSpec = FieldType | readonly [FieldType, number]

/** Where a field lies. */
export interface Field {
  readonly offsetBytes: number
  /** Of the whole field: of all elements of an array. */
  readonly sizeBytes: number
  readonly type: FieldType
}

/** Offsets of the fields of one structure, C rules: natural alignment, size rounded up to the largest alignment. */
export interface StructLayout<Names extends string> {
  readonly sizeBytes: number
  readonly alignBytes: number
  readonly fields: Readonly<Record<Names, Field>>
}

const FIELD_BYTES: Readonly<Record<FieldType, number>> = { u8: 1, u16: 2, u32: 4, u64: 8, f64: 8, ptr: 8 }

/**
 * Lays out a structure as a C compiler would on a 64-bit machine.
 *
 * @param spec field names in order, each with its type
 */
export function structLayout<const Spec extends Readonly<Record<string, FieldSpec>>>(
  spec: Spec,
): StructLayout<Extract<keyof Spec, string>> {
  const fields: Record<string, Field> = {}
  let at = 0
  let alignBytes = 1
  for (const [name, field] of Object.entries<FieldSpec>(spec)) {
    const [type, count] = typeof field === 'string' ? [field, 1] : field
    const elementBytes = FIELD_BYTES[type]
    const offsetBytes = Math.ceil(at / elementBytes) * elementBytes
    fields[name] = { offsetBytes, sizeBytes: elementBytes * count, type }
    at = offsetBytes + elementBytes * count
    alignBytes = Math.max(alignBytes, elementBytes)
  }
  const sizeBytes = Math.ceil(at / alignBytes) * alignBytes
  return { sizeBytes, alignBytes, fields: fields as Record<Extract<keyof Spec, string>, Field> }
}
