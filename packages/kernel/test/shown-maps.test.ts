import { BTF_KIND, BtfBuilder } from '@bpfoundry/btf'
import { MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, test } from 'vitest'
import { dumpMaps, Kernel, type KernelMap, type MapDumpOptions, memlockBytes, shownTypes } from '../src/index.ts'

/** What bpftool 7.5 printed, on Linux 6.18 with two CPUs, for maps as they are made here. */
const kernel = Kernel.create({ cpus: 2, hollowMaps: true })

function map(type: number, keySizeBytes: number, valueSizeBytes: number, maxEntries: number, flags = 0): KernelMap {
  return kernel.createMap({ name: 'x', type, keySizeBytes, valueSizeBytes, maxEntries, flags })
}

function dumped(maps: readonly KernelMap[], options: MapDumpOptions = {}): string {
  let text = ''
  dumpMaps(maps, (piece) => (text += piece), options)
  return text
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('maps without types', () => {
  test('short elements stand in a line', () => {
    const plain = map(MAP_TYPE.HASH, 4, 8, 2)
    plain.update(bytes(1, 0, 0, 0), bytes(1, 2, 3, 4, 5, 6, 7, 8))
    expect(dumped([plain])).toBe('key: 01 00 00 00  value: 01 02 03 04 05 06 07 08\nFound 1 element\n')
    expect(dumped([plain], { json: true })).toBe(
      '[{"key":["0x01","0x00","0x00","0x00"],"value":["0x01","0x02","0x03","0x04","0x05","0x06","0x07","0x08"]}]\n',
    )
  })

  test('each CPU has a line', () => {
    const perCpu = map(MAP_TYPE.PERCPU_HASH, 4, 4, 2)
    perCpu.update(bytes(1, 0, 0, 0), bytes(7, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0))
    expect(dumped([perCpu])).toBe(
      'key:\n01 00 00 00\nvalue (CPU 00): 07 00 00 00\nvalue (CPU 01): 07 00 00 00\nFound 1 element\n',
    )
  })

  test('long values stand below their names, sixteen bytes a line', () => {
    const long = map(MAP_TYPE.ARRAY, 4, 20, 1)
    const [row, rest] = ['00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00', '00 00 00 00']
    expect(dumped([long])).toBe(`key:\n00 00 00 00\nvalue:\n${row}\n${rest}\nFound 1 element\n`)
  })

  test('several are told apart by what bpftool map show says first', () => {
    const [first, second] = [map(MAP_TYPE.HASH, 4, 8, 2), map(MAP_TYPE.LPM_TRIE, 8, 8, 2, MAP_FLAG.NO_PREALLOC)]
    expect(dumped([first, second])).toBe(
      `${first.id}: hash  name x  flags 0x0\nFound 0 elements\n\n${second.id}: lpm_trie  name x  flags 0x1\nFound 0 elements\n`,
    )
  })

  // biome-ignore format: table
  test.for([
    ['a ring buffer',       MAP_TYPE.RINGBUF,          0, 0, 4096, 'Found 0 elements\n',                                                  '[]\n'],
    ['a queue',             MAP_TYPE.QUEUE,            0, 4, 2,    'Found 0 elements\n',                                                  '[]\n'],
    ['a perf event array',  MAP_TYPE.PERF_EVENT_ARRAY, 4, 4, 1,    'key:\n00 00 00 00\nvalue:\nUnknown error 524\nFound 0 elements\n',    '[{"key":["0x00","0x00","0x00","0x00"],"value":{"error":"Unknown error 524"}}]\n'],
    ['an array of sockets', MAP_TYPE.XSKMAP,           4, 4, 1,    'key:\n00 00 00 00\nvalue:\nOperation not supported\nFound 0 elements\n', '[{"key":["0x00","0x00","0x00","0x00"],"value":{"error":"Operation not supported"}}]\n'],
  ] as const)('%s has no values to print', ([, type, key, value, entries, plain, json]) => {
    const made = map(type, key, value, entries)
    expect([dumped([made]), dumped([made], { json: true })]).toEqual([plain, json])
  })
})

describe('types', () => {
  const K = BTF_KIND
  const btf = new BtfBuilder()
  const int = btf.add({ kind: K.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
  const wide = btf.add({ kind: K.INT, name: 'u64', sizeBytes: 8, encoding: 0, bitOffset: 0, bits: 64 })
  const choice = btf.add({ kind: K.ENUM, name: 'e', sizeBytes: 4, signed: false, values: [{ name: 'ONE', value: 1n }] })
  const types = btf.build()
  const typed = (type: number, keyId: number, valueId: number, flags = 0): KernelMap =>
    kernel.createMap({
      name: 'x',
      type,
      keySizeBytes: types.sizeOf(keyId) ?? 4,
      valueSizeBytes: 8,
      maxEntries: 1,
      flags,
      btf: types,
      btfKeyTypeId: keyId,
      btfValueTypeId: valueId,
    })

  test('give names, and numbers that JavaScript would round', () => {
    const named = typed(MAP_TYPE.HASH, choice, wide)
    named.update(bytes(1, 0, 0, 0), bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
    expect(dumped([named])).toBe('[{\n        "key": "ONE",\n        "value": 18446744073709551615\n    }\n]\n')
  })

  // biome-ignore format: table
  test.for([
    ['a hash by enum',                        MAP_TYPE.HASH,     choice, wide, 0,                    true],
    ['an array by enum: its keys are numbers', MAP_TYPE.ARRAY,    choice, wide, 0,                    false],
    ['an array by number',                    MAP_TYPE.ARRAY,    int,    wide, 0,                    true],
    ['values of another size',                MAP_TYPE.HASH,     int,    int,  0,                    false],
    ['a hash without a type of keys',         MAP_TYPE.HASH,     0,      wide, 0,                    false],
    ['an array without, of no section',       MAP_TYPE.ARRAY,    0,      wide, 0,                    false],
    ['prefixes that are no struct',           MAP_TYPE.LPM_TRIE, wide,   wide, MAP_FLAG.NO_PREALLOC, false],
  ] as const)('Linux knows them of %s: %s', ([, type, key, value, flags, expected]) => {
    expect(shownTypes(typed(type, key, value, flags)) !== undefined).toBe(expected)
  })
})

// biome-ignore format: table
test.for([
  ['array',           MAP_TYPE.ARRAY,           4,  13,  5,     0,                    392],
  ['array, mmapped',  MAP_TYPE.ARRAY,           4,  13,  500,   MAP_FLAG.MMAPABLE,    12288],
  ['percpu_array',    MAP_TYPE.PERCPU_ARRAY,    4,  13,  5,     0,                    512],
  ['hash',            MAP_TYPE.HASH,            4,  4,   3,     0,                    1296],
  ['hash, sparse',    MAP_TYPE.HASH,            5,  9,   100,   MAP_FLAG.NO_PREALLOC, 2944],
  ['percpu_hash',     MAP_TYPE.PERCPU_HASH,     4,  8,   16,    0,                    2432],
  ['lru_hash',        MAP_TYPE.LRU_HASH,        4,  12,  5,     0,                    1384],
  ['lru_percpu_hash', MAP_TYPE.LRU_PERCPU_HASH, 4,  12,  5,     0,                    1504],
  ['queue',           MAP_TYPE.QUEUE,           0,  12,  5,     0,                    384],
  ['ringbuf',         MAP_TYPE.RINGBUF,         0,  0,   65536, 0,                    78408],
  ['devmap',          MAP_TYPE.DEVMAP,          4,  8,   5,     0,                    384],
  ['devmap_hash',     MAP_TYPE.DEVMAP_HASH,     4,  8,   5,     0,                    408],
  ['cpumap',          MAP_TYPE.CPUMAP,          4,  8,   5,     0,                    344],
  ['xskmap',          MAP_TYPE.XSKMAP,          4,  4,   9,     0,                    376],
  ['stack_trace',     MAP_TYPE.STACK_TRACE,     4,  128, 64,    0,                    10048],
] as const)('memlock of a %s', ([, type, key, value, entries, flags, expected]) => {
  expect(memlockBytes(map(type, key, value, entries, flags))).toBe(expected)
})
