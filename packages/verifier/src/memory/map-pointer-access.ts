/** Accesses to the kernel's own structure behind a map pointer. Programs may read it by its type information. */
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { unsupported } from '../report/refusal.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'
import type { Access } from './access.ts'

// biome-ignore format: table
const STRUCT_NAMES: readonly (readonly [types: readonly number[], name: string])[] = [
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
]

export function accessMapPointer(v: Verification, access: Access): void {
  const { type } = access.pointer.map as VerifierMap
  const name = STRUCT_NAMES.find(([types]) => types.includes(type))?.[1] ?? 'bpf_map'
  if (!v.isTrusted) {
    const message = `'struct ${name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`
    v.refuse('VERIFIER_CAPABILITY', 'EPERM', message)
  }
  if (access.offset < 0) {
    const message = `R${access.pointerNumber} is ${name} invalid negative access: off=${access.offset}`
    v.refuse('VERIFIER_MAP_STRUCT', 'EACCES', message)
  }
  if (access.isWrite) v.refuse('VERIFIER_MAP_STRUCT', 'EACCES', `only read from ${name} is supported`)
  throw v.noted(unsupported(`reading the fields of struct ${name} is`))
}
