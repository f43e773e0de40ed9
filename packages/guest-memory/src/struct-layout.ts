/** Field types of a structure in guest memory; all little-endian, naturally aligned. `ptr` is a u64 guest address. */
export type FieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'f64' | 'ptr'

/** Where a field lies. */
export interface Field {
  readonly offsetBytes: number
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
export function structLayout<const Spec extends Readonly<Record<string, FieldType>>>(
  spec: Spec,
): StructLayout<Extract<keyof Spec, string>> {
  const fields: Record<string, Field> = {}
  let at = 0
  let alignBytes = 1
  for (const [name, type] of Object.entries(spec)) {
    const sizeBytes = FIELD_BYTES[type]
    at = Math.ceil(at / sizeBytes) * sizeBytes
    fields[name] = { offsetBytes: at, sizeBytes, type }
    at += sizeBytes
    alignBytes = Math.max(alignBytes, sizeBytes)
  }
  const sizeBytes = Math.ceil(at / alignBytes) * alignBytes
  return { sizeBytes, alignBytes, fields: fields as Record<Extract<keyof Spec, string>, Field> }
}
