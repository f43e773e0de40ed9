import { GuestMemory } from '@bpfoundry/guest-memory'
import { ERRNO, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { createMap, openMap } from '../src/index.ts'
import { hashZeros } from '../src/key-hash.ts'
import type { KeyedMap } from '../src/keyed-map.ts'
import { LineTable } from '../src/line-table.ts'

const LINE_BYTES = 64
/** More than a bucket's two lines have room for. */
const ENTRIES = 16
/** Bytes of a key, and how many of its elements lie in a line. */
const SHAPES: readonly (readonly [keySizeBytes: number, slots: number])[] = [
  [4, 5],
  [8, 3],
]
const value = (word: number): Uint8Array => new Uint8Array(Uint32Array.of(word, word).buffer)

/** A map, and as many keys of its first bucket as it has entries, and one. */
function crowdedMap(keySizeBytes: number, hashSeed = 0) {
  const memory = GuestMemory.create()
  const attributes = { name: 'h', type: MAP_TYPE.HASH, keySizeBytes, valueSizeBytes: 8, maxEntries: ENTRIES, flags: 0 }
  const map = createMap(memory, attributes, { id: 1, cpus: 1, hashSeed }) as KeyedMap
  const place = memory.allocate('key', 'scratch', 8).address
  const key = (word: number): Uint8Array => new Uint8Array(Uint32Array.of(word, 0).buffer, 0, keySizeBytes)
  const put = (word: number): number => {
    memory.u32[place >>> 2] = word
    return place
  }
  const lineOf = (word: number): number => Math.floor(map.lookup(put(word), 0) / LINE_BYTES)
  const keys: number[] = []
  for (let word = 0; keys.length <= ENTRIES; word++)
    if ((map.table.hashOf(put(word)) & (ENTRIES - 1)) === 0) keys.push(word)
  return { memory, map, keys, key, lineOf }
}

describe.each(SHAPES)('elements of one bucket (%d-byte key)', (keySizeBytes, slots) => {
  it(`share its cache line, ${slots} of them`, () => {
    const { map, keys, key, lineOf } = crowdedMap(keySizeBytes)
    expect(map.table).toBeInstanceOf(LineTable)
    // Of two lines those that further bits of the hash choose.
    const words = keys.slice(0, ENTRIES)
    for (const word of words) expect(map.updateElement(key(word), value(word))).toBe(0)
    const { elements } = map.table
    const inLines = words.map(lineOf).filter((line) => line * LINE_BYTES < elements)
    const lines = [...new Set(inLines)]
    for (const line of lines) expect(inLines.filter((other) => other === line).length).toBeLessThanOrEqual(slots)
    expect(Math.max(...lines.map((line) => inLines.filter((other) => other === line).length))).toBe(slots)
    expect(inLines.length).toBeLessThan(words.length)
  })

  it('may be as many as the map has entries, not one more, however they come and go', () => {
    const { map, keys, key } = crowdedMap(keySizeBytes)
    for (let round = 0; round < 3; round++) {
      for (const word of keys.slice(0, ENTRIES)) expect(map.updateElement(key(word), value(word))).toBe(0)
      expect(map.updateElement(key(keys[ENTRIES] as number), value(0))).toBe(-ERRNO.E2BIG)
      // Replaced elements move from slot to slot and on to the chain; none gets lost.
      for (const word of keys.slice(0, ENTRIES)) expect(map.updateElement(key(word), value(word + round))).toBe(0)
      expect(map.count).toBe(ENTRIES)
      for (const word of keys.slice(0, ENTRIES)) expect(map.lookupElement(key(word))).toEqual(value(word + round))
      for (const word of keys.slice(0, ENTRIES)) expect(map.deleteElement(key(word))).toBe(0)
      expect([...map.entries()]).toEqual([])
    }
  })

  it('are iterated youngest first, wherever they lie', () => {
    const { map, keys, key } = crowdedMap(keySizeBytes)
    const order = (): (number | undefined)[] =>
      [...map.entries()].map(([at]) => new Uint32Array(at.buffer, at.byteOffset, 1)[0])
    const stepwise = (): number[] => {
      const found: number[] = []
      for (let at = map.nextKey(); at !== undefined; at = map.nextKey(at))
        found.push(new Uint32Array(at.buffer, at.byteOffset, 1)[0] ?? -1)
      return found
    }
    const [a, b, c, d, e, f] = keys as [number, number, number, number, number, number]
    for (const word of [a, b, c, d, e, f]) map.updateElement(key(word), value(0))
    map.updateElement(key(a), value(1))
    map.deleteElement(key(c))
    map.updateElement(key(c), value(0))
    expect(order()).toEqual([c, a, f, e, d, b])
    expect(stepwise()).toEqual(order())
  })
})

describe('a slot never used, or left, holds no element', () => {
  // The seeds under which hashWord(0) is 0, by trying all of them.
  const SEEDS = [559_038_733, 753_163_511, 4_230_201_464]

  it.each(SHAPES)('also where zeros would hash to zero (%d-byte key)', (keySizeBytes) => {
    for (const hashSeed of SEEDS) {
      expect(hashZeros(4, hashSeed)).toBe(0)
      const { map, key } = crowdedMap(keySizeBytes, hashSeed)
      expect(map.lookupElement(key(0))).toBeUndefined()
    }
    for (let bytes = 1; bytes <= 8; bytes++) expect(hashZeros(bytes, 0), 'BPF_F_ZERO_SEED stays as it is').not.toBe(0)
  })

  it.each(SHAPES)('whatever stands in free slots (%d-byte key)', (keySizeBytes) => {
    for (let hashSeed = 0; hashSeed < 20; hashSeed++) {
      const { memory, map, key } = crowdedMap(keySizeBytes, hashSeed)
      // Any thread clears slots as the one that made the map does.
      const opened = openMap(memory, map.address)
      const words = Array.from({ length: 64 }, (_, word) => word)
      const present = (): number[] => words.filter((word) => map.lookupElement(key(word)) !== undefined)
      expect(present()).toEqual([])
      for (const word of words) {
        expect(opened.updateElement(key(word), value(word))).toBe(0)
        expect(present()).toEqual([word])
        expect(opened.deleteElement(key(word))).toBe(0)
        expect(present()).toEqual([])
      }
    }
  })
})
