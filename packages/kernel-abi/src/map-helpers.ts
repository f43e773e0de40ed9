import { helperByName } from './helpers.ts'
import { MAP_TYPE } from './map-types.ts'

const STORAGE = 'kptr_xchg'

/** Map types that only some helpers take. A type without a row takes every helper that takes it. */
// biome-ignore format: table
const HELPERS_OF_MAP: Readonly<Partial<Record<keyof typeof MAP_TYPE, string>>> = {
  PROG_ARRAY:            'tail_call',
  PERF_EVENT_ARRAY:      'perf_event_read perf_event_output skb_output perf_event_read_value xdp_output',
  RINGBUF:               'ringbuf_output ringbuf_reserve ringbuf_query ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr',
  USER_RINGBUF:          'user_ringbuf_drain',
  STACK_TRACE:           'get_stackid',
  CGROUP_ARRAY:          'skb_under_cgroup current_task_under_cgroup',
  CGROUP_STORAGE:        'get_local_storage',
  PERCPU_CGROUP_STORAGE: 'get_local_storage',
  DEVMAP:                'redirect_map map_lookup_elem',
  DEVMAP_HASH:           'redirect_map map_lookup_elem',
  CPUMAP:                'redirect_map',
  XSKMAP:                'redirect_map map_lookup_elem',
  ARRAY_OF_MAPS:         'map_lookup_elem',
  HASH_OF_MAPS:          'map_lookup_elem',
  SOCKMAP:               'sk_redirect_map sock_map_update msg_redirect_map sk_select_reuseport map_lookup_elem map_update_elem map_delete_elem',
  SOCKHASH:              'sk_redirect_hash sock_hash_update msg_redirect_hash sk_select_reuseport map_lookup_elem map_update_elem map_delete_elem',
  REUSEPORT_SOCKARRAY:   'sk_select_reuseport',
  QUEUE:                 'map_peek_elem map_pop_elem map_push_elem',
  STACK:                 'map_peek_elem map_pop_elem map_push_elem',
  SK_STORAGE:            `sk_storage_get sk_storage_delete ${STORAGE}`,
  INODE_STORAGE:         `inode_storage_get inode_storage_delete ${STORAGE}`,
  TASK_STORAGE:          `task_storage_get task_storage_delete ${STORAGE}`,
  CGRP_STORAGE:          `cgrp_storage_get cgrp_storage_delete ${STORAGE}`,
  BLOOM_FILTER:          'map_peek_elem map_push_elem',
}

/** Helpers that only take some map types. */
// biome-ignore format: table
const MAPS_OF_HELPER: Readonly<Record<string, string>> = {
  tail_call:                 'PROG_ARRAY',
  perf_event_read:           'PERF_EVENT_ARRAY',
  perf_event_output:         'PERF_EVENT_ARRAY',
  perf_event_read_value:     'PERF_EVENT_ARRAY',
  skb_output:                'PERF_EVENT_ARRAY',
  xdp_output:                'PERF_EVENT_ARRAY',
  ringbuf_output:            'RINGBUF',
  ringbuf_reserve:           'RINGBUF',
  ringbuf_query:             'RINGBUF',
  ringbuf_reserve_dynptr:    'RINGBUF',
  ringbuf_submit_dynptr:     'RINGBUF',
  ringbuf_discard_dynptr:    'RINGBUF',
  user_ringbuf_drain:        'USER_RINGBUF',
  get_stackid:               'STACK_TRACE',
  current_task_under_cgroup: 'CGROUP_ARRAY',
  skb_under_cgroup:          'CGROUP_ARRAY',
  redirect_map:              'DEVMAP DEVMAP_HASH CPUMAP XSKMAP',
  sk_redirect_map:           'SOCKMAP',
  msg_redirect_map:          'SOCKMAP',
  sock_map_update:           'SOCKMAP',
  sk_redirect_hash:          'SOCKHASH',
  msg_redirect_hash:         'SOCKHASH',
  sock_hash_update:          'SOCKHASH',
  get_local_storage:         'CGROUP_STORAGE PERCPU_CGROUP_STORAGE',
  sk_select_reuseport:       'REUSEPORT_SOCKARRAY SOCKMAP SOCKHASH',
  map_pop_elem:              'QUEUE STACK',
  map_peek_elem:             'QUEUE STACK BLOOM_FILTER',
  map_push_elem:             'QUEUE STACK BLOOM_FILTER',
  map_lookup_percpu_elem:    'PERCPU_ARRAY PERCPU_HASH LRU_PERCPU_HASH',
  sk_storage_get:            'SK_STORAGE',
  sk_storage_delete:         'SK_STORAGE',
  inode_storage_get:         'INODE_STORAGE',
  inode_storage_delete:      'INODE_STORAGE',
  task_storage_get:          'TASK_STORAGE',
  task_storage_delete:       'TASK_STORAGE',
  cgrp_storage_get:          'CGRP_STORAGE',
  cgrp_storage_delete:       'CGRP_STORAGE',
}

const BY_MAP: ReadonlyMap<number, ReadonlySet<number>> = new Map(
  (Object.entries(HELPERS_OF_MAP) as [keyof typeof MAP_TYPE, string][]).map(([type, helpers]) => [
    MAP_TYPE[type],
    new Set(helpers.split(' ').map((name) => helperByName(name)?.id ?? 0)),
  ]),
)

const BY_HELPER: ReadonlyMap<number, ReadonlySet<number>> = new Map(
  Object.entries(MAPS_OF_HELPER).map(([helper, types]) => [
    helperByName(helper)?.id ?? 0,
    new Set(types.split(' ').map((name) => MAP_TYPE[name as keyof typeof MAP_TYPE])),
  ]),
)

/**
 * Whether helper `id` takes maps of type `mapType`; else EINVAL and "cannot pass map_type 1 into func bpf_tail_call#12".
 * Whether a sock map may be updated or emptied from a program depends on its type besides.
 *
 * @see check_map_func_compatibility in kernel/bpf/verifier.c of Linux 6.12
 */
export function mapHelperCompatible(mapType: number, id: number): boolean {
  return (BY_MAP.get(mapType)?.has(id) ?? true) && (BY_HELPER.get(id)?.has(mapType) ?? true)
}
