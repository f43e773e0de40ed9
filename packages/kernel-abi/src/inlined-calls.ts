import { helperByName } from './helpers.ts'
import { MAP_FLAG, MAP_TYPE, type MapAttributes } from './map-types.ts'
import { isReleasedBy } from './releases.ts'

/** Instructions, and the release since which they stand there; always where none is told. */
type InlineRow = readonly [insns: number, since?: string]

/**
 * What a look-up in a map of that type becomes for whoever has all capabilities.
 *
 * @see *_map_gen_lookup in kernel/bpf/arraymap.c, kernel/bpf/hashtab.c, net/xdp/xskmap.c
 */
// biome-ignore format: table
const LOOKUPS: Readonly<Partial<Record<keyof typeof MAP_TYPE, InlineRow>>> = {
  ARRAY:         [7],
  PERCPU_ARRAY:  [9, '6.10'],
  ARRAY_OF_MAPS: [9],
  HASH:          [3],
  LRU_HASH:      [6, '4.15'],
  PERCPU_HASH:   [5, '6.10'],
  HASH_OF_MAPS:  [4],
  XSKMAP:        [8, '5.5'],
}

/** What calls of other helpers become, the call included where one is left. @see do_misc_fixups in kernel/bpf/verifier.c */
// biome-ignore format: table
const HELPERS: Readonly<Record<string, InlineRow>> = {
  get_smp_processor_id: [3, '6.10'],
  jiffies64:            [3],
  timer_set_callback:   [3],
  sk_storage_get:       [2, '5.18'],
  inode_storage_get:    [2, '5.18'],
  task_storage_get:     [2, '5.18'],
  cgrp_storage_get:     [2],
  kptr_xchg:            [2, '6.9'],
}

const BY_MAP_TYPE: ReadonlyMap<number, InlineRow> = new Map(
  (Object.entries(LOOKUPS) as [keyof typeof MAP_TYPE, InlineRow][]).map(
    ([type, row]) => [MAP_TYPE[type], row] as const,
  ),
)
const BY_HELPER: ReadonlyMap<number | undefined, InlineRow> = new Map(
  Object.entries(HELPERS).map(([name, row]) => [helperByName(name)?.id, row] as const),
)

const LOOKUP = helperByName('map_lookup_elem')?.id

/**
 * How many instructions Linux puts in place of a call of helper `id`, on x86-64 with its JIT; 1 where the call stays.
 *
 * @param map the one map that the call is handed; undefined where it has none, or several
 */
export function inlinedCallInsns(id: number, release: string, map?: Pick<MapAttributes, 'type' | 'flags'>): number {
  const [insns, since] = rowOf(id, map) ?? [1]
  return since === undefined || isReleasedBy(since, release) ? insns : 1
}

function rowOf(id: number, map: Pick<MapAttributes, 'type' | 'flags'> | undefined): InlineRow | undefined {
  if (id !== LOOKUP) return BY_HELPER.get(id)
  // Inner maps may have other sizes than the one that the program was judged with.
  return map === undefined || (map.flags & MAP_FLAG.INNER_MAP) !== 0 ? undefined : BY_MAP_TYPE.get(map.type)
}
