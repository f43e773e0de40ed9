/** What Linux 6.12 demands of the attributes of a new map, each demand once, in the order in which it is checked. */
import { ERRNO, MAP_FLAG, MAP_TYPE, type MapAttributes, mapTypeName } from '@bpfoundry/kernel-abi'
import { ARENA_RULES } from './arena-rules.ts'
import {
  type AttributeRule,
  exclusiveFlags,
  forbiddenFlags,
  has,
  hex,
  keySize,
  mostEntries,
  SOME_ENTRIES,
  unknownFlags,
  valueSize,
} from './attribute-demands.ts'
import { MapError } from './map-error.ts'
import { CGROUP_STORAGE_RULES, OBJECT_RULES, RING_RULES } from './object-map-rules.ts'

const { NO_PREALLOC, NO_COMMON_LRU, NUMA_NODE, RDONLY, WRONLY, ZERO_SEED, RDONLY_PROG, WRONLY_PROG } = MAP_FLAG
const { MMAPABLE, INNER_MAP, PRESERVE_ELEMS } = MAP_FLAG
const ACCESS = RDONLY | WRONLY | RDONLY_PROG | WRONLY_PROG
/** KMALLOC_MAX_SIZE with 4 KiB pages. */
const LARGEST_OBJECT_BYTES = 4 * 2 ** 20
/** PCPU_MIN_UNIT_SIZE */
const LARGEST_PERCPU_BYTES = 32 * 1024
const HTAB_ELEMENT_BYTES = 48
const LPM_NODE_BYTES = 40
const LPM_LARGEST_DATA_BYTES = 256
/** Buckets are 16 bytes, and their array must stay below 4 GiB. */
const MOST_BUCKETS = 2 ** 27

const PROGRAM_ACCESS = exclusiveFlags(RDONLY_PROG, WRONLY_PROG, 'a map cannot be read-only and write-only for programs')
const PERCPU_NUMA = forbiddenFlags(NUMA_NODE, 'a per-CPU map cannot be put on one NUMA node')
const LARGEST_PERCPU_VALUE = valueSize(1, LARGEST_PERCPU_BYTES, 'E2BIG')

const ARRAY_RULES: readonly AttributeRule[] = [
  SOME_ENTRIES,
  keySize(4, 4),
  valueSize(1, Infinity),
  unknownFlags(NUMA_NODE | MMAPABLE | ACCESS | PRESERVE_ELEMS | INNER_MAP),
  PROGRAM_ACCESS,
]
const NOT_A_PERF_ARRAY = forbiddenFlags(PRESERVE_ELEMS, 'only a perf event array can preserve its elements')
const NOT_A_PLAIN_ARRAY = forbiddenFlags(
  MMAPABLE | INNER_MAP,
  'only an array can be mapped or be an inner map of any size',
)
const LARGEST_VALUE = valueSize(1, 2 ** 31 - 1, 'E2BIG')

const HASH_FLAGS: readonly AttributeRule[] = [
  unknownFlags(NO_PREALLOC | NO_COMMON_LRU | NUMA_NODE | ACCESS | ZERO_SEED),
  PROGRAM_ACCESS,
]
const NOT_AN_LRU = forbiddenFlags(NO_COMMON_LRU, 'only an LRU map has LRU lists')
const LRU_PREALLOCATES = forbiddenFlags(NO_PREALLOC, 'an LRU map always allocates its elements in advance', 'ENOTSUPP')
const HASH_SIZES: readonly AttributeRule[] = [
  SOME_ENTRIES,
  keySize(1, Infinity),
  valueSize(1, Infinity),
  {
    broken: ({ keySizeBytes, valueSizeBytes }) =>
      keySizeBytes + valueSizeBytes >= LARGEST_OBJECT_BYTES - HTAB_ELEMENT_BYTES,
    errno: 'E2BIG',
    code: 'MAP_VALUE_SIZE',
    message: 'key and value together are too large',
    got: ({ keySizeBytes, valueSizeBytes }) => `${keySizeBytes + valueSizeBytes} bytes`,
    expected: `below ${LARGEST_OBJECT_BYTES - HTAB_ELEMENT_BYTES} bytes`,
  },
]
const MOST_HASH_ENTRIES = mostEntries(MOST_BUCKETS, 'E2BIG')
const LRU_NUMA: AttributeRule = {
  ...exclusiveFlags(NO_COMMON_LRU, NUMA_NODE, 'LRU lists for each CPU cannot be put on one NUMA node'),
}

/** CONFIG_NR_CPUS of Debian's kernel for amd64. */
const MOST_CPUS = 8192

const TARGET_RULES: readonly AttributeRule[] = [
  SOME_ENTRIES,
  keySize(4, 4),
  {
    broken: ({ valueSizeBytes }) => valueSizeBytes !== 4 && valueSizeBytes !== 8,
    errno: 'EINVAL',
    code: 'MAP_VALUE_SIZE',
    message: 'value size does not fit the map type',
    got: ({ valueSizeBytes }) => `${valueSizeBytes} bytes`,
    expected: '4 bytes (the target) or 8 bytes (target and program)',
  },
]
const DEVMAP_RULES: readonly AttributeRule[] = [...TARGET_RULES, unknownFlags(NUMA_NODE | RDONLY | WRONLY)]

const PROG_ARRAY_RULES: readonly AttributeRule[] = [
  valueSize(4, 4),
  forbiddenFlags(RDONLY_PROG | WRONLY_PROG, 'programs never write to a prog array'),
  ...ARRAY_RULES,
  NOT_A_PLAIN_ARRAY,
  NOT_A_PERF_ARRAY,
]

const LPM_RULES: readonly AttributeRule[] = [
  SOME_ENTRIES,
  {
    broken: (attributes) => !has(attributes, NO_PREALLOC),
    errno: 'EINVAL',
    code: 'MAP_FLAGS',
    message: 'an LPM trie cannot allocate its nodes in advance',
    got: ({ flags }) => hex(flags),
    expected: 'BPF_F_NO_PREALLOC (0x1) set',
    hint: 'add __uint(map_flags, BPF_F_NO_PREALLOC) to the map definition',
  },
  unknownFlags(NO_PREALLOC | NUMA_NODE | ACCESS),
  PROGRAM_ACCESS,
  {
    ...keySize(5, 4 + LPM_LARGEST_DATA_BYTES),
    hint: 'an LPM key is a u32 prefix length followed by the address bytes',
  },
  valueSize(1, LARGEST_OBJECT_BYTES - LPM_LARGEST_DATA_BYTES - LPM_NODE_BYTES),
]

// biome-ignore format: table
const RULES: ReadonlyMap<number, readonly AttributeRule[]> = new Map<number, readonly AttributeRule[]>([
  [MAP_TYPE.ARRAY,           [...ARRAY_RULES, NOT_A_PERF_ARRAY, LARGEST_VALUE]],
  [MAP_TYPE.PERCPU_ARRAY,    [...ARRAY_RULES, PERCPU_NUMA, NOT_A_PLAIN_ARRAY, NOT_A_PERF_ARRAY, LARGEST_PERCPU_VALUE]],
  [MAP_TYPE.PROG_ARRAY,      PROG_ARRAY_RULES],
  [MAP_TYPE.HASH,            [...HASH_FLAGS, NOT_AN_LRU, ...HASH_SIZES, MOST_HASH_ENTRIES]],
  [MAP_TYPE.PERCPU_HASH,     [...HASH_FLAGS, NOT_AN_LRU, PERCPU_NUMA, ...HASH_SIZES, LARGEST_PERCPU_VALUE, MOST_HASH_ENTRIES]],
  [MAP_TYPE.LRU_HASH,        [...HASH_FLAGS, LRU_PREALLOCATES, LRU_NUMA, ...HASH_SIZES, MOST_HASH_ENTRIES]],
  [MAP_TYPE.LRU_PERCPU_HASH, [...HASH_FLAGS, LRU_PREALLOCATES, PERCPU_NUMA, ...HASH_SIZES, LARGEST_PERCPU_VALUE, MOST_HASH_ENTRIES]],
  [MAP_TYPE.LPM_TRIE,        LPM_RULES],
  [MAP_TYPE.DEVMAP,          DEVMAP_RULES],
  [MAP_TYPE.CPUMAP,          [...TARGET_RULES, unknownFlags(NUMA_NODE), mostEntries(MOST_CPUS, 'E2BIG')]],
  [MAP_TYPE.XSKMAP,          [SOME_ENTRIES, keySize(4, 4), valueSize(4, 4), unknownFlags(NUMA_NODE | RDONLY | WRONLY)]],
  [MAP_TYPE.ARENA,           ARENA_RULES],
  [MAP_TYPE.DEVMAP_HASH,     [...DEVMAP_RULES, mostEntries(2 ** 31, 'EINVAL')]],
  [MAP_TYPE.RINGBUF,         RING_RULES],
  [MAP_TYPE.CGROUP_STORAGE,  CGROUP_STORAGE_RULES],
  [MAP_TYPE.PERCPU_CGROUP_STORAGE, CGROUP_STORAGE_RULES],
])

const COMMON_RULES: readonly AttributeRule[] = [
  {
    broken: ({ type, mapExtra }) => type !== MAP_TYPE.ARENA && mapExtra !== undefined && mapExtra !== 0,
    errno: 'EINVAL',
    code: 'MAP_EXTRA',
    message: 'this map type has no use for map_extra',
    got: ({ mapExtra }) => mapExtra ?? 0,
    expected: '0',
  },
  exclusiveFlags(RDONLY, WRONLY, 'a map cannot be read-only and write-only for system calls'),
]

const NAME_RULE: AttributeRule = {
  broken: ({ name }) => !/^[A-Za-z0-9_.]*$/.test(name),
  errno: 'EINVAL',
  code: 'MAP_NAME',
  message: 'map name has characters that Linux refuses',
  got: ({ name }) => JSON.stringify(name),
  expected: 'letters, digits, _ and .',
}

const isU32 = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff

const WORD_RULES: readonly AttributeRule[] = [
  { ...keySize(0, 0xffff_ffff), broken: ({ keySizeBytes }) => !isU32(keySizeBytes) },
  { ...valueSize(0, 0xffff_ffff), broken: ({ valueSizeBytes }) => !isU32(valueSizeBytes) },
  { ...mostEntries(0xffff_ffff, 'EINVAL'), broken: ({ maxEntries }) => !isU32(maxEntries) },
  { ...unknownFlags(0x7fff_ffff), broken: ({ flags }) => !isU32(flags) },
]

/** Number of map types that Linux 6.12 knows. */
const MAP_TYPES = Object.keys(MAP_TYPE).length

/**
 * @param mayBeHollow whether types that hold nothing here will do
 * @throws MapError with the errno of BPF_MAP_CREATE on Linux 6.12
 */
export function checkAttributes(attributes: MapAttributes, mayBeHollow: boolean): void {
  const isBloom = mayBeHollow && attributes.type === MAP_TYPE.BLOOM_FILTER
  for (const rule of [...WORD_RULES, ...(isBloom ? [] : COMMON_RULES)]) applyRule(rule, attributes)
  const rules = RULES.get(attributes.type) ?? (mayBeHollow ? OBJECT_RULES.get(attributes.type) : undefined)
  if (rules === undefined) throw unknownType(attributes)
  for (const rule of [...rules, NAME_RULE]) applyRule(rule, attributes)
}

function applyRule(rule: AttributeRule, attributes: MapAttributes): void {
  if (!rule.broken(attributes)) return
  throw new MapError({
    code: rule.code,
    errno: ERRNO[rule.errno],
    message: `${mapTypeName(attributes.type)} map: ${rule.message}`,
    where: { map: attributes.name },
    got: rule.got(attributes),
    expected: rule.expected,
    ...(rule.hint === undefined ? {} : { hint: rule.hint }),
  })
}

function unknownType(attributes: MapAttributes): MapError {
  const known = attributes.type > 0 && attributes.type < MAP_TYPES
  return new MapError({
    code: known ? 'MAP_TYPE_UNSUPPORTED' : 'MAP_TYPE',
    errno: ERRNO.EINVAL,
    message: known ? `maps of type ${mapTypeName(attributes.type)} are not emulated yet` : 'there is no such map type',
    where: { map: attributes.name },
    got: attributes.type,
    expected: `one of ${[...RULES.keys()].map(mapTypeName).join(', ')}`,
  })
}
