/**
 * How small elements lie in the cache line of their bucket: a row a layout, the first one that has room for the key
 * counts. An element in a chain has its words at the same places as one in a slot.
 *
 * ```
 *  three slots | head | key 0 | value 0 | number 0 | key 1 | value 1 | number 1 | key 2 | value 2 | number 2 | permits   |
 *  at          | 0    | 4     | 8       | 16       | 20    | 24      | 32       | 36    | 40      | 48       | 52 56 60  |
 *
 *  two slots   | head | number 0 | permit 0 | hash 0 | key 0 | value 0 | number 1 | permit 1 | hash 1 | key 1 | value 1 |
 *  at          | 0    | 4        | 8        | 12     | 16    | 24      | 36       | 40       | 44     | 48    | 56      |
 * ```
 */
import type { MapAttributes } from '@bpfoundry/kernel-abi'

/** Offsets in a line, of its first slot; those of the next are `slotBytes` further, but its permit is `permitBytes`. */
export interface LineLayout {
  readonly slots: number
  readonly slotBytes: number
  readonly permitOffset: number
  readonly permitBytes: number
  readonly sequenceOffset: number
  /** As in `HashPlan`. */
  readonly tagOffset: number
  readonly keyOffset: number
  readonly leastKeyBytes: number
  readonly mostKeyBytes: number
}

// biome-ignore format: table
const LAYOUTS: readonly LineLayout[] = [
  { slots: 3, slotBytes: 16, permitOffset: 52, permitBytes:  4, sequenceOffset: 16, tagOffset:  4, keyOffset:  4, leastKeyBytes: 4, mostKeyBytes: 4 },
  { slots: 2, slotBytes: 32, permitOffset:  8, permitBytes: 32, sequenceOffset:  4, tagOffset: 12, keyOffset: 16, leastKeyBytes: 1, mostKeyBytes: 8 },
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
