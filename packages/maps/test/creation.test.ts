import { GuestMemory } from '@bpfoundry/guest-memory'
import { ERRNO, errnoName, MAP_FLAG, MAP_TYPE, type MapAttributes, mapTypeName } from '@bpfoundry/kernel-abi'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMap, MAP_TYPES_SUPPORTED, MapError, openMap } from '../src/index.ts'
import { kernel, kernelCreates, type MapTuple } from './kernel-maps.ts'

const attributesOf = ([type, keySizeBytes, valueSizeBytes, maxEntries, flags]: MapTuple): MapAttributes => ({
  name: 'm',
  type,
  keySizeBytes,
  valueSizeBytes,
  maxEntries,
  flags,
})

/** errno of our creation, and what the map then says of itself. */
function create(
  tuple: MapTuple,
  memory: GuestMemory = GuestMemory.create(),
  mayBeHollow: boolean = false,
): { errno: number; entries?: number; flags?: number; code?: string } {
  try {
    const map = createMap(memory, attributesOf(tuple), { id: 1, cpus: kernel.cpus, mayBeHollow })
    return { errno: 0, entries: map.attributes.maxEntries, flags: map.attributes.flags }
  } catch (error) {
    if (!(error instanceof MapError)) throw error
    return { errno: error.errno, code: error.code }
  }
}

const FLAGS = Object.values(MAP_FLAG)
const { NO_PREALLOC, NO_COMMON_LRU, NUMA_NODE, RDONLY, WRONLY, RDONLY_PROG, WRONLY_PROG, ZERO_SEED, MMAPABLE } =
  MAP_FLAG

/** Creations at the edges of each rule. */
const EDGES: readonly MapTuple[] = MAP_TYPES_SUPPORTED.flatMap((type): MapTuple[] => {
  const needed = type === MAP_TYPE.LPM_TRIE ? NO_PREALLOC : 0
  const key = type === MAP_TYPE.LPM_TRIE ? 8 : 4
  return [
    [type, key, 4, 1, needed],
    [type, key, 8, 3, needed],
    [type, 0, 4, 1, needed],
    [type, key, 0, 1, needed],
    [type, key, 4, 0, needed],
    [type, 3, 4, 1, needed],
    [type, 5, 4, 1, needed],
    [type, 260, 4, 1, needed],
    [type, 261, 4, 1, needed],
    [type, 512, 4, 1, needed],
    [type, key, 32_768, 1, needed],
    [type, key, 32_769, 1, needed],
    ...FLAGS.map((flag): MapTuple => [type, key, 4, 5, needed ^ flag]),
    ...[RDONLY | WRONLY, RDONLY_PROG | WRONLY_PROG, RDONLY | WRONLY_PROG].map(
      (flags): MapTuple => [type, key, 4, 5, needed | flags],
    ),
    [type, key, 4, 5, needed | NO_COMMON_LRU | NUMA_NODE],
    [type, key, 4, 5, needed | ZERO_SEED | MMAPABLE],
  ]
})
const LARGE: readonly MapTuple[] = [
  [MAP_TYPE.HASH, 4, 4 * 2 ** 20 - 48 - 5, 1, NO_PREALLOC],
  [MAP_TYPE.HASH, 4, 4 * 2 ** 20 - 48 - 4, 1, NO_PREALLOC],
  [MAP_TYPE.HASH, 4, 4, 2 ** 31 + 1, 0],
  [MAP_TYPE.HASH, 4, 4, 2 ** 28, NO_PREALLOC],
  [MAP_TYPE.ARRAY, 4, 2 ** 31, 1, 0],
  [MAP_TYPE.DEVMAP_HASH, 4, 4, 2 ** 31 + 1, 0],
  [MAP_TYPE.ARENA, 0, 0, 4, MMAPABLE],
  [MAP_TYPE.ARENA, 0, 0, 4, 0],
  [MAP_TYPE.ARENA, 0, 0, 0, MMAPABLE],
  [MAP_TYPE.ARENA, 0, 4, 4, MMAPABLE],
  [MAP_TYPE.ARENA, 4, 0, 4, MMAPABLE],
  [MAP_TYPE.ARENA, 0, 0, 2 ** 20 + 1, MMAPABLE],
  ...FLAGS.map((flag): MapTuple => [MAP_TYPE.ARENA, 0, 0, 4, MMAPABLE | flag]),
  [99, 4, 4, 1, 0],
  [0, 4, 4, 1, 0],
]

describe('creation', () => {
  it('answers as the running kernel at the edges of every rule', (ctx) => {
    if (kernel.refusal !== undefined) ctx.skip(kernel.refusal)
    const tuples = [...EDGES, ...LARGE]
    const differences = tuples.flatMap((tuple) => {
      const [ours, theirs] = [create(tuple).errno, kernelCreates(tuple)].map(errnoName)
      return ours === theirs ? [] : [{ tuple, ours, theirs }]
    })
    expect(differences).toEqual([])
    expect(tuples.length).toBeGreaterThan(300)
  })

  it('answers as the running kernel for stacks of addresses, and of places in files', (ctx) => {
    if (kernel.refusal !== undefined) ctx.skip(kernel.refusal)
    const memory = GuestMemory.create()
    for (const size of [0, 8, 12, 32, 64, 1016, 1024, 32 * 127, 32 * 128]) {
      for (const flags of [0, MAP_FLAG.STACK_BUILD_ID]) {
        const tuple: MapTuple = [MAP_TYPE.STACK_TRACE, 4, size, 1, flags]
        expect({ tuple, errno: errnoName(create(tuple, memory, true).errno) }).toEqual({
          tuple,
          errno: errnoName(kernelCreates(tuple)),
        })
      }
    }
  })

  it('answers as the running kernel for random attributes', (ctx) => {
    if (kernel.refusal !== undefined) ctx.skip(kernel.refusal)
    const small = fc.oneof(fc.constantFrom(0, 1, 3, 4, 5, 8, 16, 255, 260, 261), fc.nat(70))
    const flags = fc.subarray(FLAGS, { maxLength: 3 }).map((some) => some.reduce((sum, flag) => sum | flag, 0))
    const tuple = fc.tuple(fc.constantFrom(...MAP_TYPES_SUPPORTED), small, small, fc.nat(100), flags)
    for (const one of fc.sample(tuple, { numRuns: 600, seed: 7 })) {
      expect({ one, errno: errnoName(create(one).errno) }).toEqual({ one, errno: errnoName(kernelCreates(one)) })
    }
  })

  // What BPF_OBJ_GET_INFO_BY_FD of Linux 6.18 says of maps created so.
  it.each<[string, MapTuple, number, number]>([
    ['drops what is a property of the fd', [MAP_TYPE.HASH, 4, 4, 5, RDONLY | ZERO_SEED], 5, ZERO_SEED],
    ['drops it of a devmap, which programs cannot write', [MAP_TYPE.DEVMAP, 4, 4, 5, WRONLY], 5, RDONLY_PROG],
    [
      'marks a devmap_hash as read-only for programs',
      [MAP_TYPE.DEVMAP_HASH, 4, 8, 5, NUMA_NODE],
      5,
      NUMA_NODE | RDONLY_PROG,
    ],
    ['keeps the others', [MAP_TYPE.ARRAY, 4, 4, 5, MMAPABLE | WRONLY_PROG], 5, MMAPABLE | WRONLY_PROG],
  ])('%s', (_name, tuple, entries, flags) => {
    expect(create(tuple)).toEqual({ errno: 0, entries, flags })
  })

  it.each<[string, MapTuple, string, number]>([
    ['5 GiB', [MAP_TYPE.ARRAY, 4, 8, 671_088_640, 0], 'MAP_MEMORY', ERRNO.ENOMEM],
    ['more slots than memory', [MAP_TYPE.PROG_ARRAY, 4, 4, 2 ** 32 - 1, 0], 'MAP_MEMORY', ERRNO.ENOMEM],
    ['a fractional size', [MAP_TYPE.HASH, 4.5, 4, 1, 0], 'MAP_KEY_SIZE', ERRNO.EINVAL],
    ['a negative number of entries', [MAP_TYPE.HASH, 4, 4, -1, 0], 'MAP_MAX_ENTRIES', ERRNO.EINVAL],
    ['flags over 32 bits', [MAP_TYPE.HASH, 4, 4, 1, 2 ** 40], 'MAP_FLAGS', ERRNO.EINVAL],
    ['a type not emulated', [MAP_TYPE.USER_RINGBUF, 0, 0, 4096, 0], 'MAP_TYPE_UNSUPPORTED', ERRNO.EINVAL],
  ])('refuses %s with a clear error', (_name, tuple, code, errno) => {
    expect(create(tuple)).toEqual({ errno, code })
  })

  it('explains itself: what it got, what it expects, what to do', () => {
    const memory = GuestMemory.create()
    const lpm: MapAttributes = { name: 'routes', type: 11, keySizeBytes: 8, valueSizeBytes: 4, maxEntries: 9, flags: 0 }
    expect(() => createMap(memory, lpm, { id: 1, cpus: 1 })).toThrow(
      expect.objectContaining({
        code: 'MAP_FLAGS',
        message: 'lpm_trie map: an LPM trie cannot allocate its nodes in advance',
        where: { map: 'routes' },
        got: '0x0',
        hint: expect.stringContaining('BPF_F_NO_PREALLOC'),
      }),
    )
    expect(memory.regions).toEqual([])
  })

  it('keeps 15 characters of a name and refuses characters that Linux refuses', () => {
    const memory = GuestMemory.create()
    const array: MapAttributes = { ...attributesOf([2, 4, 4, 1, 0]), name: 'a_name.longer_than_15' }
    expect(createMap(memory, array, { id: 1, cpus: 1 }).attributes.name).toBe('a_name.longer_t')
    expect(() => createMap(memory, { ...array, name: 'no/slash' }, { id: 1, cpus: 1 })).toThrow(
      expect.objectContaining({ code: 'MAP_NAME' }),
    )
  })
})

/** Types that don't take just any map. */
const SHAPES: ReadonlyMap<number, MapTuple> = new Map(
  [
    [MAP_TYPE.LPM_TRIE, 8, 4, 100, 1],
    [MAP_TYPE.RINGBUF, 0, 0, 4096, 0],
    [MAP_TYPE.ARENA, 0, 0, 4, MMAPABLE],
    [MAP_TYPE.CGROUP_STORAGE, 8, 4, 0, 0],
    [MAP_TYPE.PERCPU_CGROUP_STORAGE, 16, 4, 0, 0],
  ].map((tuple) => [tuple[0] as number, tuple as unknown as MapTuple]),
)

describe('memory', () => {
  it('is not touched before it is used: 16,777,216 entries reserve 1.5 GiB and take next to none', () => {
    const memory = GuestMemory.create()
    const before = process.memoryUsage().rss
    const map = createMap(memory, attributesOf([MAP_TYPE.HASH, 4, 8, 16_777_216, 0]), { id: 1, cpus: 2 })
    expect(map.memoryBytes).toBeLessThan(1540 * 2 ** 20)
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 2 ** 20)
    expect(map.updateElement(Uint8Array.of(1, 2, 3, 4), new Uint8Array(8))).toBe(0)
  })

  it.each(MAP_TYPES_SUPPORTED.map((type) => [mapTypeName(type), type]))(
    'of a %s map goes back when it is freed',
    (_, type) => {
      const memory = GuestMemory.create()
      const room = memory.availableBytes
      const map = createMap(memory, attributesOf(SHAPES.get(type) ?? [type, 4, 4, 100, 0]), { id: 1, cpus: 4 })
      expect(memory.regionAt(map.address)?.kind).toBe('map')
      expect(() => openMap(memory, map.address).free()).toThrow(expect.objectContaining({ code: 'MAP_NOT_OWNER' }))
      map.free()
      expect(memory.availableBytes).toBe(room)
      expect(() => openMap(memory, map.address)).toThrow(expect.objectContaining({ code: 'MAP_NOT_A_MAP' }))
    },
  )

  it.each([0, 4, 65_536, 65_540, 2 ** 32])('has no map at address %d', (address) => {
    expect(() => openMap(GuestMemory.create(), address)).toThrow(
      expect.objectContaining({ code: 'MAP_NOT_A_MAP', errno: ERRNO.EBADF }),
    )
  })

  it('says so when key or value bytes have the wrong length', () => {
    const map = createMap(GuestMemory.create(), attributesOf([MAP_TYPE.PERCPU_HASH, 4, 4, 2, 0]), { id: 1, cpus: 2 })
    expect(() => map.lookupElement(new Uint8Array(3))).toThrow(expect.objectContaining({ code: 'MAP_KEY_LENGTH' }))
    expect(() => map.updateElement(new Uint8Array(4), new Uint8Array(4))).toThrow(
      expect.objectContaining({ code: 'MAP_VALUE_LENGTH', hint: expect.stringContaining('every CPU') }),
    )
  })
})
