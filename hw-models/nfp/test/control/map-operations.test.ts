import { BPF_ANY, BPF_EXIST, BPF_NOEXIST, ERRNO, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, test } from 'vitest'
import { CACHE_NS, CORENIC_FIRMWARE } from '../../src/index.ts'
import { CardBed, HASH, key, value } from './card-bed.ts'

describe('operations', () => {
  test('reach the map that programs on the card use, and the other way', () => {
    const { host, card } = new CardBed().map()
    expect(host.update(key(1), value(7), BPF_ANY)).toBe(0)
    expect(card.lookupElement(key(1))).toEqual(value(7))
    card.updateElement(key(2), value(9))
    expect(host.lookup(key(2))).toEqual(value(9))
    expect(host.delete(key(1))).toBe(0)
    expect(card.lookupElement(key(1))).toBeUndefined()
  })

  /** [title, what is done to a hash with key 1 in 2 places, the answer] */
  // biome-ignore format: table
  const ERRORS: readonly (readonly [string, (map: ReturnType<CardBed['map']>) => unknown, number])[] = [
    ['a key that is not there',             ({ host }) => host.lookup(key(5)),                        -ERRNO.ENOENT],
    ['deleting it',                         ({ host }) => host.delete(key(5)),                        -ERRNO.ENOENT],
    ['only what is there',                  ({ host }) => host.update(key(5), value(0), BPF_EXIST),   -ERRNO.ENOENT],
    ['only what is not there',              ({ host }) => host.update(key(1), value(0), BPF_NOEXIST), -ERRNO.EEXIST],
    ['a full map',                          ({ host }) => [2, 3].map((n) => host.update(key(n), value(0), BPF_ANY))[1], -ERRNO.E2BIG],
    ['flags that mean nothing',             ({ host }) => host.update(key(1), value(0), 8),           -ERRNO.EINVAL],
    ['flags that the message has no room for', ({ host }) => host.update(key(1), value(0), 2 ** 32),  -ERRNO.EOPNOTSUPP],
    ['the end of the map',                  ({ host }) => host.nextKey(key(1)),                       -ERRNO.ENOENT],
  ]
  test.each(ERRORS)('%s', (_title, run, answer) => {
    const map = new CardBed().map({ maxEntries: 2 })
    map.host.update(key(1), value(1), BPF_ANY)
    expect(run(map)).toBe(answer)
  })

  test('of an array: never deleted, never past its end', () => {
    const { host } = new CardBed().map({ type: MAP_TYPE.ARRAY, maxEntries: 2 })
    expect(host.delete(key(0))).toBe(-ERRNO.EINVAL)
    expect(host.update(key(2), value(0), BPF_ANY)).toBe(-ERRNO.E2BIG)
    expect(host.lookup(key(2))).toBe(-ERRNO.ENOENT)
    expect(host.update(key(1), value(3), BPF_ANY)).toBe(0)
    expect(host.lookup(key(1))).toEqual(value(3))
  })

  test('of a map without a place, and of a freed one', () => {
    const bed = new CardBed()
    const { host } = bed.map()
    expect([bed.device.maps.size, bed.device.usage.elementsInUse]).toEqual([1, 16])
    host.free()
    host.free()
    expect(host.lookup(key(1))).toBe(-ERRNO.ENODEV)
    expect([bed.device.maps.size, bed.device.usage.elementsInUse, bed.warnings]).toEqual([0, 0, []])
  })

  test("the card's limits are asked first, with the driver's words", () => {
    const bed = new CardBed()
    expect(bed.control.allocateMap({ ...HASH, maxEntries: 16_777_216 })).toEqual({
      errno: ERRNO.ENOMEM,
      kernelLog: 'map with too many elements: 16777216, left: 3072000',
    })
    expect(bed.control.allocateMap({ ...HASH, type: MAP_TYPE.LPM_TRIE })).toEqual({ errno: ERRNO.EINVAL })
  })

  test('tables keep apart, and their numbers come again', () => {
    const bed = new CardBed()
    const [one, two] = [bed.map(), bed.map()]
    one.host.update(key(1), value(1), BPF_ANY)
    two.host.update(key(1), value(2), BPF_ANY)
    expect([one.host.lookup(key(1)), two.host.lookup(key(1))]).toEqual([value(1), value(2)])
    one.host.free()
    const three = bed.map()
    expect([...bed.device.maps.values()].map(({ tableId }) => tableId).sort()).toEqual([1, 2])
    expect(three.host.lookup(key(1))).toBe(-ERRNO.ENOENT)
  })

  test('a whole map is walked, in the order that the card has it', () => {
    const { host, card } = new CardBed().map()
    for (let n = 0; n < 11; n++) host.update(key(n), value(n), BPF_ANY)
    const keys: Uint8Array[] = []
    for (let at = host.nextKey(); typeof at !== 'number'; at = host.nextKey(at)) keys.push(at)
    expect(keys).toEqual([...card.entries()].map(([one]) => one))
    expect(keys).toHaveLength(11)
  })
})

describe('the cache', () => {
  function filled(firmware = {}): { bed: CardBed; map: ReturnType<CardBed['map']>; keys: Uint8Array[] } {
    const bed = new CardBed(firmware)
    const map = bed.map()
    for (let n = 0; n < 10; n++) map.card.updateElement(key(n), value(n))
    return { bed, map, keys: [...map.card.entries()].map(([one]) => one) }
  }
  const walk = ({ host }: ReturnType<CardBed['map']>): void => {
    for (let at = host.nextKey(); typeof at !== 'number'; at = host.nextKey(at)) host.lookup(at)
  }

  test('makes a walk with look-ups of ten elements four messages, or eleven where each brings one', () => {
    const { bed, map } = filled()
    expect(bed.sent(() => walk(map))).toBe(4)
    expect(bed.control.cacheElements).toBe(4)
    const without = filled({ multiEntryMessages: false })
    expect(without.bed.sent(() => walk(without.map))).toBe(11)
  })

  test('answers look-ups of the elements that a step brought, and no others', () => {
    const { bed, map, keys } = filled()
    map.host.nextKey()
    expect(bed.sent(() => keys.slice(0, 4).map((one) => map.host.lookup(one)))).toBe(0)
    expect(bed.sent(() => map.host.lookup(keys[4] as Uint8Array))).toBe(1)
  })

  test('does not see what programs do for 250 us, and not a ns longer', () => {
    const { bed, map, keys } = filled()
    const [first] = keys as [Uint8Array]
    map.host.nextKey()
    map.card.updateElement(first, value(99))
    bed.nowNs = CACHE_NS
    expect(map.host.lookup(first)).not.toEqual(value(99))
    bed.nowNs = CACHE_NS + 1
    expect(map.host.lookup(first)).toEqual(value(99))
    // A look-up alone fills nothing.
    expect(bed.sent(() => map.host.lookup(first))).toBe(1)
  })

  test('is emptied by updates and deletions, also by those that fail', () => {
    const changes = [
      (host: CardMapHost) => host.update(key(3), value(50), BPF_ANY),
      (host: CardMapHost) => host.delete(key(77)),
    ]
    for (const change of changes) {
      const { bed, map, keys } = filled()
      map.host.nextKey()
      change(map.host)
      expect(bed.sent(() => map.host.lookup(keys[0] as Uint8Array))).toBe(1)
    }
  })
  type CardMapHost = ReturnType<CardBed['map']>['host']

  test('asks for the rest where it knows no further step', () => {
    const { bed, map, keys } = filled()
    map.host.nextKey()
    expect(bed.sent(() => expect(map.host.nextKey(keys[2])).toEqual(keys[3]))).toBe(0)
    expect(bed.sent(() => expect(map.host.nextKey(keys[3])).toEqual(keys[4]))).toBe(1)
  })
})

describe('byte order of counters', () => {
  function counted(swapsCounters: boolean): ReturnType<CardBed['map']> & { bed: CardBed } {
    const bed = new CardBed({}, { swapsCounters })
    const map = bed.map({ valueSizeBytes: 12 })
    const words = bed.device.maps.get(map.card.id)?.words ?? []
    for (const [index, use] of (['unused', 'atomic', 'read'] as const).entries()) {
      const word = words[index]
      if (word !== undefined) word.use = use
    }
    return { bed, ...map }
  }
  const words = (...numbers: number[]): Uint8Array => new Uint8Array(Uint32Array.from(numbers).buffer)

  test('words that programs count in are turned both ways, the others not', () => {
    const { host, card } = counted(true)
    host.update(key(1), words(0x01020304, 0x01020304, 0x01020304), BPF_ANY)
    expect(card.lookupElement(key(1))).toEqual(words(0x01020304, 0x04030201, 0x01020304))
    expect(host.lookup(key(1))).toEqual(words(0x01020304, 0x01020304, 0x01020304))
    host.nextKey()
    expect(host.lookup(key(1))).toEqual(words(0x01020304, 0x01020304, 0x01020304))
  })

  test('where programs run in the order of the host, nothing is turned', () => {
    const { host, card } = counted(false)
    host.update(key(1), words(1, 2, 3), BPF_ANY)
    expect(card.lookupElement(key(1))).toEqual(words(1, 2, 3))
  })

  test('updates of words that nobody uses yet spoil them as counters, unless they read the same both ways', () => {
    const { bed, host, card } = counted(true)
    const [word] = bed.device.maps.get(card.id)?.words ?? []
    host.update(key(1), words(0x01020201, 5, 5), BPF_ANY)
    expect(word?.nonZeroUpdate).toBe(false)
    host.update(key(1), words(1, 5, 5), BPF_ANY)
    expect(word?.nonZeroUpdate).toBe(true)
    expect(
      bed.device.maps
        .get(card.id)
        ?.words.slice(1)
        .some(({ nonZeroUpdate }) => nonZeroUpdate),
    ).toBe(false)
  })
})

test('ABI 2 has slots of 64 bytes, ABI 3 as large as the card allows', () => {
  expect(new CardBed().control.slots).toEqual({ keyBytes: 64, valueBytes: 64 })
  const limits = { ...CORENIC_FIRMWARE.maps, maxKeyBytes: 16, maxValueBytes: 24 }
  expect(new CardBed({ abiVersion: 3, maps: limits }).control.slots).toEqual({ keyBytes: 16, valueBytes: 24 })
  expect(new CardBed({ abiVersion: 2, maps: limits }).control.slots).toEqual({ keyBytes: 64, valueBytes: 64 })
})
