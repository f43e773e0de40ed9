/** Which helpers take which maps, looked at from both sides. */
import { ATTACH_TYPE, HELPERS, helperName, MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'

type MapTypeName = keyof typeof MAP_TYPE

const UPDATES = 'map_update_elem map_delete_elem'

/** A map of this type goes into these helpers only. Types without a row go into any that takes a map. */
// biome-ignore format: table
const HELPERS_OF_MAP: readonly (readonly [types: string, helpers: string])[] = [
  ['PROG_ARRAY',                          'tail_call'],
  ['PERF_EVENT_ARRAY',                    'perf_event_read perf_event_output skb_output perf_event_read_value xdp_output'],
  ['RINGBUF',                             'ringbuf_output ringbuf_reserve ringbuf_query ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr'],
  ['USER_RINGBUF',                        'user_ringbuf_drain'],
  ['STACK_TRACE',                         'get_stackid'],
  ['CGROUP_ARRAY',                        'skb_under_cgroup current_task_under_cgroup'],
  ['CGROUP_STORAGE PERCPU_CGROUP_STORAGE', 'get_local_storage'],
  ['DEVMAP DEVMAP_HASH XSKMAP',           'redirect_map map_lookup_elem'],
  ['CPUMAP',                              'redirect_map'],
  ['ARRAY_OF_MAPS HASH_OF_MAPS',          'map_lookup_elem'],
  ['SOCKMAP',                             `sk_redirect_map sock_map_update msg_redirect_map sk_select_reuseport map_lookup_elem ${UPDATES}`],
  ['SOCKHASH',                            `sk_redirect_hash sock_hash_update msg_redirect_hash sk_select_reuseport map_lookup_elem ${UPDATES}`],
  ['REUSEPORT_SOCKARRAY',                 'sk_select_reuseport'],
  ['QUEUE STACK',                         'map_peek_elem map_pop_elem map_push_elem'],
  ['SK_STORAGE',                          'sk_storage_get sk_storage_delete kptr_xchg'],
  ['INODE_STORAGE',                       'inode_storage_get inode_storage_delete kptr_xchg'],
  ['TASK_STORAGE',                        'task_storage_get task_storage_delete kptr_xchg'],
  ['CGRP_STORAGE',                        'cgrp_storage_get cgrp_storage_delete kptr_xchg'],
  ['BLOOM_FILTER',                        'map_peek_elem map_push_elem'],
]

/** These helpers take maps of these types only. */
// biome-ignore format: table
const MAPS_OF_HELPER: readonly (readonly [helpers: string, types: string])[] = [
  ['tail_call',                                       'PROG_ARRAY'],
  ['perf_event_read perf_event_output perf_event_read_value skb_output xdp_output', 'PERF_EVENT_ARRAY'],
  ['ringbuf_output ringbuf_reserve ringbuf_query ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr', 'RINGBUF'],
  ['user_ringbuf_drain',                              'USER_RINGBUF'],
  ['get_stackid',                                     'STACK_TRACE'],
  ['current_task_under_cgroup skb_under_cgroup',      'CGROUP_ARRAY'],
  ['redirect_map',                                    'DEVMAP DEVMAP_HASH CPUMAP XSKMAP'],
  ['sk_redirect_map msg_redirect_map sock_map_update', 'SOCKMAP'],
  ['sk_redirect_hash msg_redirect_hash sock_hash_update', 'SOCKHASH'],
  ['get_local_storage',                               'CGROUP_STORAGE PERCPU_CGROUP_STORAGE'],
  ['sk_select_reuseport',                             'REUSEPORT_SOCKARRAY SOCKMAP SOCKHASH'],
  ['map_pop_elem',                                    'QUEUE STACK'],
  ['map_peek_elem map_push_elem',                     'QUEUE STACK BLOOM_FILTER'],
  ['map_lookup_percpu_elem',                          'PERCPU_ARRAY PERCPU_HASH LRU_PERCPU_HASH'],
  ['sk_storage_get sk_storage_delete',                'SK_STORAGE'],
  ['inode_storage_get inode_storage_delete',          'INODE_STORAGE'],
  ['task_storage_get task_storage_delete',            'TASK_STORAGE'],
  ['cgrp_storage_get cgrp_storage_delete',            'CGRP_STORAGE'],
]

function helperIds(names: string): ReadonlySet<number> {
  const wanted = new Set(names.split(' ').map((name) => `bpf_${name}`))
  return new Set(HELPERS.flatMap((helper) => (helper !== undefined && wanted.has(helper.name) ? [helper.id] : [])))
}

function mapTypes(names: string): readonly number[] {
  return names.split(' ').map((name) => MAP_TYPE[name as MapTypeName])
}

const BY_MAP: ReadonlyMap<number, ReadonlySet<number>> = new Map(
  HELPERS_OF_MAP.flatMap(([types, helpers]) => mapTypes(types).map((type) => [type, helperIds(helpers)])),
)

const BY_HELPER: ReadonlyMap<number, ReadonlySet<number>> = new Map(
  MAPS_OF_HELPER.flatMap(([helpers, types]) => [...helperIds(helpers)].map((id) => [id, new Set(mapTypes(types))])),
)

const [MAP_UPDATE_ELEM, MAP_DELETE_ELEM] = [2, 3]

/** Program types that never hold a socket's lock, and so may change what a socket map holds. @see may_update_sockmap */
const UPDATES_SOCKMAP: ReadonlySet<number> = new Set([
  PROG_TYPE.SOCKET_FILTER,
  PROG_TYPE.SCHED_CLS,
  PROG_TYPE.SCHED_ACT,
  PROG_TYPE.XDP,
  PROG_TYPE.SK_REUSEPORT,
  PROG_TYPE.FLOW_DISSECTOR,
  PROG_TYPE.SK_LOOKUP,
])

function mayUpdateSockets({ program: { type, expectedAttachType } }: Verification, helperId: number): boolean {
  const iterates = type === PROG_TYPE.TRACING && expectedAttachType === ATTACH_TYPE.TRACE_ITER
  return iterates || UPDATES_SOCKMAP.has(type) || (type === PROG_TYPE.SOCK_OPS && helperId === MAP_DELETE_ELEM)
}

function isSocketMap(map: VerifierMap | undefined): boolean {
  return map?.type === MAP_TYPE.SOCKMAP || map?.type === MAP_TYPE.SOCKHASH
}

/** Refuses a map of a type that the helper does not take. */
export function checkMapCompatibility(v: Verification, map: VerifierMap | undefined, helperId: number): void {
  const allowedHelpers = map === undefined ? undefined : BY_MAP.get(map.type)
  const allowedMaps = BY_HELPER.get(helperId)
  const fits = (allowedHelpers?.has(helperId) ?? true) && (allowedMaps?.has(map?.type ?? -1) ?? true)
  if (map === undefined) return
  const changesSockets = isSocketMap(map) && (helperId === MAP_UPDATE_ELEM || helperId === MAP_DELETE_ELEM)
  const isOutOfPlace = changesSockets && !mayUpdateSockets(v, helperId)
  if (isOutOfPlace) v.log.print('cannot update sockmap in this context\n')
  if (fits && !isOutOfPlace) return
  const message = `cannot pass map_type ${map.type} into func ${helperName(helperId)}#${helperId}`
  v.refuse('VERIFIER_MAP_TYPE', 'EINVAL', message)
}
