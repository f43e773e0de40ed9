/** The kernel's own structure behind a map pointer, and what programs find in it. */
import { BTF_KIND } from '@bpfoundry/btf'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { isComposite } from '../kernel-types/kernel-types.ts'
import type { KernelBtf, VerifierMap } from '../verifier-api.ts'

/** @see map_btf_id of the map types' operations */
// biome-ignore format: table
const ROWS: readonly (readonly [types: readonly number[], name: string])[] = [
  [[MAP_TYPE.ARRAY, MAP_TYPE.PERCPU_ARRAY, MAP_TYPE.PROG_ARRAY, MAP_TYPE.PERF_EVENT_ARRAY, MAP_TYPE.CGROUP_ARRAY, MAP_TYPE.ARRAY_OF_MAPS], 'bpf_array'],
  [[MAP_TYPE.HASH, MAP_TYPE.PERCPU_HASH, MAP_TYPE.LRU_HASH, MAP_TYPE.LRU_PERCPU_HASH, MAP_TYPE.HASH_OF_MAPS], 'bpf_htab'],
  [[MAP_TYPE.LPM_TRIE], 'lpm_trie'],
  [[MAP_TYPE.DEVMAP, MAP_TYPE.DEVMAP_HASH], 'bpf_dtab'],
  [[MAP_TYPE.CPUMAP], 'bpf_cpu_map'],
  [[MAP_TYPE.XSKMAP], 'xsk_map'],
  [[MAP_TYPE.QUEUE, MAP_TYPE.STACK], 'bpf_queue_stack'],
  [[MAP_TYPE.RINGBUF, MAP_TYPE.USER_RINGBUF], 'bpf_ringbuf_map'],
  [[MAP_TYPE.STACK_TRACE], 'bpf_stack_map'],
  [[MAP_TYPE.SOCKMAP], 'bpf_stab'],
  [[MAP_TYPE.SOCKHASH], 'bpf_shtab'],
  [[MAP_TYPE.BLOOM_FILTER], 'bpf_bloom_filter'],
  [[MAP_TYPE.REUSEPORT_SOCKARRAY], 'reuseport_array'],
  [[MAP_TYPE.CGROUP_STORAGE, MAP_TYPE.PERCPU_CGROUP_STORAGE], 'bpf_cgroup_storage_map'],
  [[MAP_TYPE.SK_STORAGE, MAP_TYPE.INODE_STORAGE, MAP_TYPE.TASK_STORAGE, MAP_TYPE.CGRP_STORAGE], 'bpf_local_storage_map'],
  [[MAP_TYPE.STRUCT_OPS], 'bpf_struct_ops_map'],
  [[MAP_TYPE.ARENA], 'bpf_arena'],
]

/** Name of the structure that maps of a type are to the kernel. */
export function mapStructName(type: number): string {
  return ROWS.find(([types]) => types.includes(type))?.[1] ?? 'bpf_map'
}

/** What the kernel and its users know of a map alike. */
// biome-ignore format: table
const ATTRIBUTES: ReadonlyMap<string, (map: VerifierMap) => number> = new Map<string, (map: VerifierMap) => number>([
  ['map_type',    ({ type }) => type],
  ['key_size',    ({ keySizeBytes }) => keySizeBytes],
  ['value_size',  ({ valueSizeBytes }) => valueSizeBytes],
  ['max_entries', ({ maxEntries }) => maxEntries],
  ['map_flags',   ({ flags }) => flags],
  ['id',          ({ id }) => id],
])

const ATTRIBUTE_BYTES = 4

/** The attribute of `map` that a load of `sizeBytes` at `offset` finds, where it finds one whole; else undefined. */
export function mapAttribute(btf: KernelBtf, map: VerifierMap, offset: number, sizeBytes: number): number | undefined {
  const id = btf.find('bpf_map', BTF_KIND.STRUCT)
  const struct = id === undefined ? undefined : btf.type(id)
  if (struct === undefined || !isComposite(struct) || sizeBytes !== ATTRIBUTE_BYTES) return undefined
  const member = struct.members.find(({ bitOffset, name }) => bitOffset === 8 * offset && ATTRIBUTES.has(name))
  return member === undefined ? undefined : ATTRIBUTES.get(member.name)?.(map)
}
