/** What Linux 6.12 demands of maps that are emulated without contents. */
import { MAP_FLAG, MAP_TYPE, type MapAttributes } from '@bpfoundry/kernel-abi'
import {
  type AttributeRule,
  exclusiveFlags,
  forbiddenFlags,
  has,
  keySize,
  SOME_ENTRIES,
  unknownFlags,
  valueSize,
} from './attribute-demands.ts'

const { NO_PREALLOC, NUMA_NODE, RDONLY, WRONLY, ZERO_SEED, RDONLY_PROG, WRONLY_PROG, CLONE, INNER_MAP } = MAP_FLAG
const { MMAPABLE, PRESERVE_ELEMS, STACK_BUILD_ID } = MAP_FLAG
const ACCESS = RDONLY | WRONLY | RDONLY_PROG | WRONLY_PROG
const PAGE_BYTES = 4096
/** BPF_LOCAL_STORAGE_MAX_VALUE_SIZE: what fits an object of KMALLOC_MAX_SIZE with its header. */
const LARGEST_STORAGE_BYTES = 65_432

const PROGRAM_ACCESS = exclusiveFlags(RDONLY_PROG, WRONLY_PROG, 'a map cannot be read-only and write-only for programs')

const NO_ENTRIES: AttributeRule = {
  broken: ({ maxEntries }) => maxEntries !== 0,
  errno: 'EINVAL',
  code: 'MAP_MAX_ENTRIES',
  message: 'this map grows with the objects it is kept at',
  got: ({ maxEntries }) => maxEntries,
  expected: 'max_entries of 0',
}

const valueSizeOf = (...sizes: readonly number[]): AttributeRule => ({
  broken: ({ valueSizeBytes }) => !sizes.includes(valueSizeBytes),
  errno: 'EINVAL',
  code: 'MAP_VALUE_SIZE',
  message: 'value size does not fit the map type',
  got: ({ valueSizeBytes }) => `${valueSizeBytes} bytes`,
  expected: `${sizes.join(' or ')} bytes`,
})

const keySizeOf = (...sizes: readonly number[]): AttributeRule => ({
  broken: ({ keySizeBytes }) => !sizes.includes(keySizeBytes),
  errno: 'EINVAL',
  code: 'MAP_KEY_SIZE',
  message: 'key size does not fit the map type',
  got: ({ keySizeBytes }) => `${keySizeBytes} bytes`,
  expected: `${sizes.join(' or ')} bytes`,
})

const requires = (flag: number, name: string): AttributeRule => ({
  broken: (attributes: MapAttributes) => !has(attributes, flag),
  errno: 'EINVAL',
  code: 'MAP_FLAGS',
  message: 'this map type always allocates when it is asked to',
  got: ({ flags }) => `0x${flags.toString(16)}`,
  expected: `${name} set`,
})

/** A ring's size: whole pages, a power of two of them. */
const RING_SIZE: AttributeRule = {
  broken: ({ maxEntries }) =>
    maxEntries === 0 || maxEntries % PAGE_BYTES !== 0 || (maxEntries & (maxEntries - 1)) !== 0,
  errno: 'EINVAL',
  code: 'MAP_MAX_ENTRIES',
  message: 'a ring is a power of two of pages long',
  got: ({ maxEntries }) => maxEntries,
  expected: `a power of two from ${PAGE_BYTES} on`,
}

const ARRAY_OF_FDS: readonly AttributeRule[] = [
  valueSize(4, 4),
  forbiddenFlags(RDONLY_PROG | WRONLY_PROG, 'programs never write to such an array'),
  SOME_ENTRIES,
  keySize(4, 4),
  unknownFlags(NUMA_NODE | ACCESS | PRESERVE_ELEMS),
]
const NOTHING_PRESERVED = forbiddenFlags(PRESERVE_ELEMS, 'only a perf event array can preserve its elements')
const SOCKETS: readonly AttributeRule[] = [SOME_ENTRIES, valueSizeOf(4, 8), unknownFlags(NUMA_NODE | RDONLY | WRONLY)]
/** Of rings of both directions. */
export const RING_RULES: readonly AttributeRule[] = [unknownFlags(NUMA_NODE), keySize(0, 0), valueSize(0, 0), RING_SIZE]
const QUEUE: readonly AttributeRule[] = [
  SOME_ENTRIES,
  keySize(0, 0),
  valueSize(1, Infinity),
  unknownFlags(NUMA_NODE | ACCESS),
  PROGRAM_ACCESS,
]
export const CGROUP_STORAGE_RULES: readonly AttributeRule[] = [
  keySizeOf(8, 16),
  valueSize(1, Infinity),
  valueSize(1, LARGEST_STORAGE_BYTES, 'E2BIG'),
  unknownFlags(NUMA_NODE | ACCESS),
  PROGRAM_ACCESS,
  NO_ENTRIES,
]
const LOCAL_STORAGE: readonly AttributeRule[] = [
  unknownFlags(NO_PREALLOC | CLONE),
  requires(NO_PREALLOC, 'BPF_F_NO_PREALLOC'),
  NO_ENTRIES,
  keySize(4, 4),
  valueSize(1, Infinity),
  valueSize(1, LARGEST_STORAGE_BYTES, 'E2BIG'),
]
const OF_MAPS_FLAGS = NO_PREALLOC | NUMA_NODE | ACCESS | ZERO_SEED

/** A stack's addresses, or with BPF_F_STACK_BUILD_ID places in files (struct bpf_stack_build_id): 127 at most. */
const frameBytes = (attributes: MapAttributes): number => (has(attributes, STACK_BUILD_ID) ? 32 : 8)
const STACK_SIZE: AttributeRule = {
  broken: (attributes) => {
    const { valueSizeBytes } = attributes
    const one = frameBytes(attributes)
    return valueSizeBytes < 8 || valueSizeBytes % one !== 0 || valueSizeBytes > 127 * one
  },
  errno: 'EINVAL',
  code: 'MAP_VALUE_SIZE',
  message: 'value size does not fit the map type',
  got: ({ valueSizeBytes }) => `${valueSizeBytes} bytes`,
  expected: 'a multiple of 8 bytes, of 32 with BPF_F_STACK_BUILD_ID, for 127 frames at most',
}

// biome-ignore format: table
export const OBJECT_RULES: ReadonlyMap<number, readonly AttributeRule[]> = new Map<number, readonly AttributeRule[]>([
  [MAP_TYPE.PERF_EVENT_ARRAY,      ARRAY_OF_FDS],
  [MAP_TYPE.CGROUP_ARRAY,          [...ARRAY_OF_FDS, NOTHING_PRESERVED]],
  [MAP_TYPE.ARRAY_OF_MAPS,         [...ARRAY_OF_FDS, NOTHING_PRESERVED]],
  [MAP_TYPE.HASH_OF_MAPS,          [valueSize(4, 4), SOME_ENTRIES, keySize(1, Infinity), unknownFlags(OF_MAPS_FLAGS), PROGRAM_ACCESS]],
  [MAP_TYPE.STACK_TRACE,           [unknownFlags(NUMA_NODE | RDONLY | WRONLY | STACK_BUILD_ID), SOME_ENTRIES, keySize(4, 4), STACK_SIZE]],
  [MAP_TYPE.SOCKMAP,               [...SOCKETS, keySize(4, 4)]],
  [MAP_TYPE.SOCKHASH,              [...SOCKETS, keySize(1, Infinity), keySize(1, 512, 'E2BIG')]],
  [MAP_TYPE.REUSEPORT_SOCKARRAY,   [valueSizeOf(4, 8), SOME_ENTRIES, keySize(4, 4), unknownFlags(NUMA_NODE | MMAPABLE | ACCESS | INNER_MAP)]],
  [MAP_TYPE.QUEUE,                 QUEUE],
  [MAP_TYPE.STACK,                 QUEUE],
  [MAP_TYPE.SK_STORAGE,            LOCAL_STORAGE],
  [MAP_TYPE.INODE_STORAGE,         LOCAL_STORAGE],
  [MAP_TYPE.TASK_STORAGE,          LOCAL_STORAGE],
  [MAP_TYPE.CGRP_STORAGE,          LOCAL_STORAGE],
  [MAP_TYPE.USER_RINGBUF,          RING_RULES],
  [MAP_TYPE.BLOOM_FILTER,          [keySize(0, 0), valueSize(1, Infinity), SOME_ENTRIES, unknownFlags(NUMA_NODE | ZERO_SEED | ACCESS)]],
])
