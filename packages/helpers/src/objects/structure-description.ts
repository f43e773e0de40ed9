/**
 * What the kernel keeps to itself in objects of one structure, as a table in guest memory: programs hand its address to
 * the functions that make objects and take them back.
 *
 * @see struct btf_record in include/linux/bpf.h
 */
import { type GuestMemory, type StructLayout, structLayout } from '@bpfoundry/guest-memory'

/** Kinds of fields that hold other objects. */
export const HELD = { list: 1, tree: 2, pointer: 3, perCpuPointer: 4 } as const

/** A field that holds other objects. */
export interface HoldingField {
  readonly kind: keyof typeof HELD
  readonly offsetBytes: number
  /** Address of the description of what it holds. */
  readonly description: number
  /** Of a list or a tree: where in the objects their links are. */
  readonly nodeOffsetBytes: number
}

export interface StructureDescription {
  readonly sizeBytes: number
  /** Where references are counted; undefined for objects with one owner. */
  readonly refcountOffsetBytes?: number
  readonly fields: readonly HoldingField[]
}

const HEAD: StructLayout<'sizeBytes' | 'refcount' | 'fields'> = structLayout({
  sizeBytes: 'u32',
  /** 0 for none, else the offset and 1. */
  refcount: 'u32',
  fields: 'u32',
})
const FIELD_WORDS = 4

/** Bytes of the description of a structure with so many fields that hold objects. */
export function descriptionBytes(fields: number): number {
  return HEAD.sizeBytes + FIELD_WORDS * 4 * fields
}

export function writeDescription({ u32 }: GuestMemory, address: number, structure: StructureDescription): void {
  const { sizeBytes, refcountOffsetBytes, fields } = structure
  const at = address >>> 2
  u32.set([sizeBytes, refcountOffsetBytes === undefined ? 0 : refcountOffsetBytes + 1, fields.length], at)
  fields.forEach(({ kind, offsetBytes, description, nodeOffsetBytes }, index) => {
    const row = at + HEAD.sizeBytes / 4 + FIELD_WORDS * index
    u32.set([HELD[kind], offsetBytes, description, nodeOffsetBytes], row)
  })
}

export function sizeOfDescribed({ u32 }: GuestMemory, description: number): number {
  return u32[description >>> 2] as number
}

/** Address of the count of an object's references; 0 where it has none. */
export function refcountOf({ u32 }: GuestMemory, description: number, object: number): number {
  const told = u32[(description >>> 2) + 1] as number
  return told === 0 ? 0 : object + told - 1
}

/** One row: what a field holds, and its address in the object. */
export interface Held {
  readonly kind: number
  readonly address: number
  readonly description: number
  readonly nodeOffsetBytes: number
}

export function heldBy({ u32 }: GuestMemory, description: number, object: number): readonly Held[] {
  const at = description >>> 2
  return Array.from({ length: u32[at + 2] as number }, (_, index) => {
    const row = at + HEAD.sizeBytes / 4 + FIELD_WORDS * index
    const [kind, offset, held, nodeOffsetBytes] = u32.subarray(row, row + FIELD_WORDS)
    return {
      kind: kind as number,
      address: object + (offset as number),
      description: held as number,
      nodeOffsetBytes: nodeOffsetBytes as number,
    }
  })
}
