import { MAP_FLAG, MAP_TYPE, type MapAttributes } from '@bpfoundry/kernel-abi'

const small = (
  name: string,
  type: number,
  keySizeBytes: number,
  valueSizeBytes: number,
  maxEntries: number,
  flags = 0,
): MapAttributes => ({ name, type, keySizeBytes, valueSizeBytes, maxEntries, flags })

/**
 * The maps that generated programs name, by their place here: so small that keys collide and maps get full. Values have
 * whole 8-byte words.
 */
// biome-ignore format: table
export const GENERATED_MAPS: readonly MapAttributes[] = [
  small('array',         MAP_TYPE.ARRAY,           4,  8, 5),
  small('array_wide',    MAP_TYPE.ARRAY,           4, 24, 3),
  small('percpu_array',  MAP_TYPE.PERCPU_ARRAY,    4,  8, 4),
  small('hash',          MAP_TYPE.HASH,            4,  8, 4),
  small('hash_wide',     MAP_TYPE.HASH,            8, 16, 3),
  small('hash_demand',   MAP_TYPE.HASH,            4, 16, 6, MAP_FLAG.NO_PREALLOC),
  small('percpu_hash',   MAP_TYPE.PERCPU_HASH,     4,  8, 3),
  small('lru_hash',      MAP_TYPE.LRU_HASH,        4,  8, 3),
  small('lpm_trie',      MAP_TYPE.LPM_TRIE,        8,  8, 4, MAP_FLAG.NO_PREALLOC),
]

/** The program array of tail calls, behind {@link GENERATED_MAPS}. */
export const GENERATED_PROG_ARRAY: MapAttributes = small('programs', MAP_TYPE.PROG_ARRAY, 4, 4, 3)
