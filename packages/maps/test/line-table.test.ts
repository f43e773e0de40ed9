import { GuestMemory } from '@bpfoundry/guest-memory'
import { ERRNO, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { createMap } from '../src/index.ts'
import { hashWord, hashZeros } from '../src/key-hash.ts'
import type { KeyedMap } from '../src/keyed-map.ts'
import { LineTable } from '../src/line-table.ts'

const LINE_BYTES = 64
const ENTRIES = 8
const attributes = { name: 'h', type: MAP_TYPE.HASH, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: ENTRIES, flags: 0 }
const key = (word: number): Uint8Array => new Uint8Array(Uint32Array.of(word).buffer)
const value = (word: number): Uint8Array => new Uint8Array(Uint32Array.of(word, word).buffer)

/** A map, and as many keys of its first bucket as it has entries, and one. */
function crowdedMap(hashSeed = 0) {
  const memory = GuestMemory.create()
  const map = createMap(memory, attributes, { id: 1, cpus: 1, hashSeed }) as KeyedMap
  const place = memory.allocate('key', 'scratch', 8).address
  const lineOf = (word: number): number => {
    memory.u32[place >>> 2] = word
    return Math.floor(map.lookup(place, 0) / LINE_BYTES)
  }
  const keys: number[] = []
  for (let word = 0; keys.length <= ENTRIES; word++) if ((hashWord(word, 0) & (ENTRIES - 1)) === 0) keys.push(word)
  return { map, keys, lineOf }
}

describe('elements of one bucket', () => {
  it('share its cache line, two of them', () => {
    const { map, keys, lineOf } = crowdedMap()
    expect(map.table).toBeInstanceOf(LineTable)
    for (const word of keys.slice(0, 3)) expect(map.updateElement(key(word), value(word))).toBe(0)
    const lines = keys.slice(0, 3).map(lineOf)
    expect(lines[1]).toBe(lines[0])
    expect(lines[2]).not.toBe(lines[0])
  })

  it('may be as many as the map has entries, not one more, however they come and go', () => {
    const { map, keys } = crowdedMap()
    for (let round = 0; round < 3; round++) {
      for (const word of keys.slice(0, ENTRIES)) expect(map.updateElement(key(word), value(word))).toBe(0)
      expect(map.updateElement(key(keys[ENTRIES] as number), value(0))).toBe(-ERRNO.E2BIG)
      // Replaced elements move from the first slot to the second to the chain; none gets lost.
      for (const word of keys.slice(0, ENTRIES)) expect(map.updateElement(key(word), value(word + round))).toBe(0)
      expect(map.count).toBe(ENTRIES)
      for (const word of keys.slice(0, ENTRIES)) expect(map.lookupElement(key(word))).toEqual(value(word + round))
      for (const word of keys.slice(0, ENTRIES)) expect(map.deleteElement(key(word))).toBe(0)
      expect([...map.entries()]).toEqual([])
    }
  })

  it('are iterated youngest first, wherever they lie', () => {
    const { map, keys } = crowdedMap()
    const order = (): (number | undefined)[] => [...map.entries()].map(([at]) => new Uint32Array(at.buffer)[0])
    const stepwise = (): number[] => {
      const found: number[] = []
      for (let at = map.nextKey(); at !== undefined; at = map.nextKey(at))
        found.push(new Uint32Array(at.buffer)[0] ?? -1)
      return found
    }
    const [a, b, c, d] = keys as [number, number, number, number]
    for (const word of [a, b, c, d]) map.updateElement(key(word), value(0))
    map.updateElement(key(a), value(1))
    map.deleteElement(key(c))
    map.updateElement(key(c), value(0))
    expect(order()).toEqual([c, a, d, b])
    expect(stepwise()).toEqual(order())
  })
})

it('has no element in a slot never used, also where zeros would hash to zero', () => {
  // The seeds under which hashWord(0) is 0, by trying all of them.
  for (const hashSeed of [559_038_733, 753_163_511, 4_230_201_464]) {
    expect(hashZeros(4, hashSeed)).toBe(0)
    expect(crowdedMap(hashSeed).map.lookupElement(key(0))).toBeUndefined()
  }
  for (let bytes = 1; bytes <= 8; bytes++) expect(hashZeros(bytes, 0), 'BPF_F_ZERO_SEED stays as it is').not.toBe(0)
})
