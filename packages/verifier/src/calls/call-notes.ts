import { U64_MAX, type Word64 } from '../domain/word64.ts'
import type { MapField } from '../program/map-fields.ts'
import type { Dynptr } from '../state/stack-slot.ts'
import type { VerifierMap } from '../verifier-api.ts'

/** What the arguments of one call said that later arguments, or the result, need. */
export interface CallNotes {
  /** The map that was handed over. */
  map: VerifierMap | undefined
  /** The map key, where it is one known 32-bit number on the stack. */
  constantKey: number | undefined
  /** Stack memory that the helper fills. */
  filled: { readonly number: number; readonly sizeBytes: number } | undefined
  /** The kernel pointer in a map's value that is exchanged. */
  exchanged: MapField | undefined
  /** Function of the program that the helper is to call. */
  callback: number | undefined
  /** Reference that one of the arguments belongs to. */
  referenceId: number
  /** Register whose reference the helper takes back; 0 for none. */
  releasedNumber: number
  /** The dynptr that the helper is handed. */
  dynptr: Pick<Dynptr, 'kind' | 'id' | 'referenceId'> | undefined
  /** Size of the memory that the helper gives out. */
  allocatedBytes: number
  /** The greatest size that a size argument may have. */
  largestSize: Word64
}

export function newCallNotes(): CallNotes {
  return {
    map: undefined,
    constantKey: undefined,
    filled: undefined,
    exchanged: undefined,
    callback: undefined,
    referenceId: 0,
    releasedNumber: 0,
    dynptr: undefined,
    allocatedBytes: 0,
    largestSize: U64_MAX,
  }
}
