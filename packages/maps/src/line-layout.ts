/**
 * How small elements lie in the cache line of their bucket: a row a layout, the first one that has room for the key
 * counts. What only writers need of an element, its *permit* and the number of its insertion, lies in a second line, the
 * *ledger's*, at the same place as the value in the first.
 *
 * ```
 *  five slots   | head | key 0 .. key 4   | value 0 .. value 4 |          an element of a chain
 *  at           | 0    | 4  8  12  16  20 | 24  32  40  48  56 |          | next | key | number | value |
 *                                                                         | 0    | 4   | 8      | 24    |
 *
 *  three slots  | head | hash 0 .. hash 2 | value 0 .. value 2 | key 0 .. key 2 |    | next | hash | key | value | number |
 *  at           | 0    | 4  8  12         | 16  24  32         | 40  48  56     |    | 0    | 4    | 8   | 16    | 24     |
 *
 *  ledger       | permit 0 | number 0 | permit 1 | number 1 ..
 *  at           | 0        | 4        | 8        | 12
 * ```
 *
 * The address of the element in slot n is its line's + 8 n, so that values lie as far from their elements as in chains.
 *
 * A new element comes to the slot that its hash prefers, if that is free: there three look-ups in four find it at once, in small
 * tables nine in ten.
 */
import type { MapAttributes } from '@bpfoundry/kernel-abi'

/** Bytes from one slot's element, value and entry in the ledger to the next one's. */
export const SLOT_STRIDE_BYTES = 8
/** Bytes from one slot's tag to the next one's. */
export const TAG_STRIDE_BYTES = 4
/** In a line: of its first tag. In a chain's element: of its tag. */
export const TAG_OFFSET = 4
/** In the ledger, from a slot's entry. */
export const PERMIT_OFFSET = 0
export const NUMBER_OFFSET = 4

export interface LineLayout {
  readonly slots: number
  /** High bits of a hash, which don't tell the line, that are the number of the preferred slot. */
  readonly preferenceBits: number
  /** Buckets that share a line where there are many. */
  readonly bucketsPerLine: number
  /** Of the first key in a line; keys follow each other as tags do where they are tags, else as slots do. */
  readonly slotKeyOffset: number
  /** Of an element in a chain, as in `HashPlan`. */
  readonly sequenceOffset: number
  readonly tagOffset: number
  readonly keyOffset: number
  /** Of both. */
  readonly valueOffset: number
  readonly leastKeyBytes: number
  readonly mostKeyBytes: number
}

// biome-ignore format: table
const LAYOUTS: readonly LineLayout[] = [
  { slots: 5, preferenceBits: 2, bucketsPerLine: 2, slotKeyOffset:  4, tagOffset: TAG_OFFSET, keyOffset: 4, sequenceOffset:  8, valueOffset: 24, leastKeyBytes: 4, mostKeyBytes: 4 },
  { slots: 3, preferenceBits: 1, bucketsPerLine: 1, slotKeyOffset: 40, tagOffset: TAG_OFFSET, keyOffset: 8, sequenceOffset: 24, valueOffset: 16, leastKeyBytes: 1, mostKeyBytes: 8 },
]
/** Values begin on a multiple of 8. */
const MOST_VALUE_BYTES = 8

/** The layout for keys and values of these sizes; undefined when they are too large for one. */
export function lineLayoutOf({ keySizeBytes, valueSizeBytes }: MapAttributes): LineLayout | undefined {
  if (valueSizeBytes > MOST_VALUE_BYTES) return undefined
  return LAYOUTS.find(
    ({ leastKeyBytes, mostKeyBytes }) => keySizeBytes >= leastKeyBytes && keySizeBytes <= mostKeyBytes,
  )
}

/** Number of the slot where an element with this hash is looked for first. */
export function preferredSlot({ preferenceBits }: LineLayout, hash: number): number {
  return hash >>> (32 - preferenceBits)
}
