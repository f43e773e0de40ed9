import { type GuestMemory, GuestMemoryError, type Region } from '@bpfoundry/guest-memory'
import { ERRNO, MAP_FLAG, MAP_TYPE, type MapAttributes, mapTypeName } from '@bpfoundry/kernel-abi'
import { ArenaMap } from './arena-map.ts'
import { ArrayMap } from './array-map.ts'
import { checkAttributes } from './attribute-rules.ts'
import type { BpfMap, MapOptions, TargetMap } from './bpf-map.ts'
import { CgroupStorageMap } from './cgroup-storage-map.ts'
import { CpuMap } from './cpumap.ts'
import { DevMap } from './devmap.ts'
import { DevMapHash } from './devmap-hash.ts'
import { HashMap } from './hash-map.ts'
import { hashZeros } from './key-hash.ts'
import { LpmTrieMap } from './lpm-trie-map.ts'
import { LruHashMap } from './lru-hash-map.ts'
import { LruPercpuHashMap } from './lru-percpu-hash-map.ts'
import { MapError } from './map-error.ts'
import { type MapPlace, readHeader, writeHeader } from './map-place.ts'
import { ObjectMap } from './object-map.ts'
import { OBJECT_RULES } from './object-map-rules.ts'
import { PercpuArrayMap } from './percpu-array-map.ts'
import { PercpuHashMap } from './percpu-hash-map.ts'
import { ProgArrayMap } from './prog-array-map.ts'
import { RingbufMap } from './ringbuf-map.ts'
import { XskMap } from './xskmap.ts'

/** A map type: how much room a map needs, and the handle on one. */
interface MapKind {
  sizeBytes(attributes: MapAttributes, cpus: number): number
  new (place: MapPlace): BpfMap
}

// biome-ignore format: table
const KINDS: ReadonlyMap<number, MapKind> = new Map<number, MapKind>([
  [MAP_TYPE.HASH,            HashMap],
  [MAP_TYPE.ARRAY,           ArrayMap],
  [MAP_TYPE.PROG_ARRAY,      ProgArrayMap],
  [MAP_TYPE.PERCPU_HASH,     PercpuHashMap],
  [MAP_TYPE.PERCPU_ARRAY,    PercpuArrayMap],
  [MAP_TYPE.LRU_HASH,        LruHashMap],
  [MAP_TYPE.LRU_PERCPU_HASH, LruPercpuHashMap],
  [MAP_TYPE.LPM_TRIE,        LpmTrieMap],
  [MAP_TYPE.DEVMAP,          DevMap],
  [MAP_TYPE.CPUMAP,          CpuMap],
  [MAP_TYPE.XSKMAP,          XskMap],
  [MAP_TYPE.DEVMAP_HASH,     DevMapHash],
  [MAP_TYPE.ARENA,           ArenaMap],
  [MAP_TYPE.RINGBUF,         RingbufMap],
  [MAP_TYPE.CGROUP_STORAGE,  CgroupStorageMap],
  [MAP_TYPE.PERCPU_CGROUP_STORAGE, CgroupStorageMap],
])

/** Numbers of the map types that can be created and hold what is put into them. */
export const MAP_TYPES_SUPPORTED: readonly number[] = [...KINDS.keys()]

/** Numbers of those that can be created without contents, where {@link MapOptions.mayBeHollow} says so. */
export const MAP_TYPES_HOLLOW: readonly number[] = [...OBJECT_RULES.keys()]

/** Pages that mmap can hand out start on these. */
const PAGE_BYTES = 4096
/** Characters of a name that are kept. @see BPF_OBJ_NAME_LEN */
const NAME_LENGTH = 15

/**
 * Creates a map in guest memory. Only in the thread that created the memory; every other opens it.
 *
 * @throws MapError with the errno of BPF_MAP_CREATE on Linux 6.12; ENOMEM (MAP_MEMORY) when guest memory has no room
 */
export function createMap(memory: GuestMemory, attributes: MapAttributes, options: MapOptions): BpfMap {
  checkAttributes(attributes, options.mayBeHollow === true)
  const adjusted = adjustAttributes(attributes, options.cpus)
  const kind = kindOf(adjusted)
  const region = allocate(memory, adjusted, kind.sizeBytes(adjusted, options.cpus))
  const place: MapPlace = {
    memory,
    address: region.address,
    id: options.id,
    cpus: options.cpus,
    hashSeed: (attributes.flags & MAP_FLAG.ZERO_SEED) === 0 ? usableSeed(options.hashSeed ?? 0, attributes) : 0,
    attributes: adjusted,
    region,
    ...(options.references === undefined ? {} : { references: options.references }),
  }
  writeHeader(place)
  return new kind(place)
}

/** The map whose header lies at `address`, in any thread. @throws MapError MAP_NOT_A_MAP */
export function openMap(memory: GuestMemory, address: number): BpfMap {
  const place = readHeader(memory, address)
  return new (kindOf(place.attributes))(place)
}

/** Whether the map's values name programs or devices. */
export function isTargetMap(map: BpfMap): map is TargetMap {
  return 'target' in map
}

function kindOf(attributes: MapAttributes): MapKind {
  const { type } = attributes
  const kind = KINDS.get(type) ?? (OBJECT_RULES.has(type) ? ObjectMap : undefined)
  if (kind === undefined) throw new Error(`no map kind for type ${type}`)
  return kind
}

/** What Linux changes in the attributes it was given. */
function adjustAttributes(attributes: MapAttributes, cpus: number): MapAttributes {
  const name = attributes.name.slice(0, NAME_LENGTH)
  const devmap = attributes.type === MAP_TYPE.DEVMAP || attributes.type === MAP_TYPE.DEVMAP_HASH
  // What the creator may do through its fd is no property of the map.
  const lasting = attributes.flags & ~(MAP_FLAG.RDONLY | MAP_FLAG.WRONLY)
  // A lookup gives a pointer to the interface index itself, which programs must not change.
  const flags = devmap ? lasting | MAP_FLAG.RDONLY_PROG : lasting
  const perCpuLists = (attributes.flags & MAP_FLAG.NO_COMMON_LRU) !== 0
  const maxEntries = perCpuLists ? Math.ceil(attributes.maxEntries / cpus) * cpus : attributes.maxEntries
  return { ...attributes, name, flags, maxEntries }
}

/** The seed, or the next one under which a key of zeros does not hash to zero: an empty slot must not look like it. */
function usableSeed(seed: number, { keySizeBytes }: MapAttributes): number {
  let usable = seed >>> 0
  while (hashZeros(keySizeBytes, usable) === 0) usable = (usable + 1) >>> 0
  return usable
}

function allocate(memory: GuestMemory, attributes: MapAttributes, sizeBytes: number): Region {
  const alignBytes = (attributes.flags & MAP_FLAG.MMAPABLE) === 0 ? 64 : PAGE_BYTES
  try {
    return memory.allocate(`map ${attributes.name}`, 'map', sizeBytes, alignBytes)
  } catch (cause) {
    if (!(cause instanceof GuestMemoryError)) throw cause
    throw new MapError({
      code: 'MAP_MEMORY',
      errno: ERRNO.ENOMEM,
      message: `no room in guest memory for this ${mapTypeName(attributes.type)} map`,
      where: { map: attributes.name },
      got: `${sizeBytes} bytes for ${attributes.maxEntries} entries`,
      expected: `at most ${memory.availableBytes} bytes`,
      hint: 'lower max_entries, or make keys and values smaller: all maps, packets and rings share 4 GiB',
      cause,
    })
  }
}
