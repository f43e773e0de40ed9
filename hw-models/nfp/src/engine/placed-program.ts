import { relocate } from '@bpfoundry/jit-nfp'
import type { LoadedNfpProgram } from '../nfp-device.ts'
import type { OffloadedMap } from '../offload-map.ts'

/** Helpers that programs leave the core's words for, by the name of what they do. */
export const ROUTINE_HELPERS = { lookup: 1, update: 2, delete: 3, event: 25 } as const

/**
 * Where firmware has what programs need, in words of the control store. The start is CoreNIC's; the others are nobody's
 * business but the firmware's, and chosen.
 *
 * @see nfp.md 1.4: "code at ustore 3072"
 */
export const CONTROL_STORE: {
  readonly start: number
  readonly done: number
  readonly helpers: ReadonlyMap<number, number>
} = {
  start: 3072,
  done: 64,
  helpers: new Map(Object.values(ROUTINE_HELPERS).map((helper) => [helper, 1024 + helper])),
}

/** A map as a program on the card knows it. Plain data. */
export interface PlacedMap {
  /** What the program names it by: the card's number, or a neutral map's id. */
  readonly number: number
  /** Guest address of the map. */
  readonly address: number
  readonly keySizeBytes: number
  readonly valueSizeBytes: number
  /** Offsets of the 4-byte words in a value that programs count in: on the card they lie in the other byte order. */
  readonly counters: readonly number[]
}

/** A program as it lies in a control store, with what its routines need: plain data, to be sent to workers. */
export interface PlacedProgram {
  /** With ECC. */
  readonly words: readonly number[]
  readonly maps: readonly PlacedMap[]
}

/** A map that a program names, in guest memory. */
export interface MapPlace {
  readonly id: number
  readonly address: number
  readonly keySizeBytes: number
  readonly valueSizeBytes: number
}

/**
 * Puts a loaded program into a control store.
 *
 * @param places the program's maps
 * @param maps the card's maps by id; what is not among them is neutral, and goes by its own id
 */
export function placeProgram(
  { translation }: LoadedNfpProgram,
  places: readonly MapPlace[],
  maps: ReadonlyMap<number, OffloadedMap>,
): PlacedProgram {
  return {
    words: relocate(translation, CONTROL_STORE),
    maps: places.map(({ id, address, keySizeBytes, valueSizeBytes }) => {
      const map = maps.get(id)
      const counters = (map?.words ?? []).flatMap(({ use }, word) => (use === 'atomic' ? [4 * word] : []))
      return { number: map?.tableId ?? id, address, keySizeBytes, valueSizeBytes, counters }
    }),
  }
}
