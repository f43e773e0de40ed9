import type { SlotCounts } from '../verifier-api.ts'

/** Counts of a program of so many slots, all zero. */
export function noSlotCounts(slots: number): SlotCounts {
  return { explored: new Uint32Array(slots), kept: new Uint32Array(slots), forked: new Uint32Array(slots) }
}
