import { GuestMemory } from '@bpfoundry/guest-memory'
import { BPF_EXIST, BPF_NOEXIST, ERRNO, MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BpfMap } from '../src/index.ts'
import { makeMap } from './map-under-test.ts'

const memory = GuestMemory.create()
const KEY = memory.allocate('key', 'scratch', 64).address

const TYPES = [
  ['LRU hash', MAP_TYPE.LRU_HASH],
  ['LRU per-CPU hash', MAP_TYPE.LRU_PERCPU_HASH],
] as const

const put = (map: BpfMap, key: number, flags = 0): number => {
  memory.u32[KEY >>> 2] = key
  return map.update(KEY, KEY, flags, 0)
}
const touch = (map: BpfMap, key: number): boolean => {
  memory.u32[KEY >>> 2] = key
  return map.lookup(KEY, 0) !== 0
}
const keysIn = (map: BpfMap): number[] => [...map.entries()].map(([key]) => key[0] as number).sort((a, b) => a - b)

describe.each(TYPES)('%s', (_name, type) => {
  it('takes any number of keys, holds max_entries of them, and always the last one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(30), { minLength: 1, maxLength: 100 }),
        fc.integer({ min: 1, max: 8 }),
        (keys, most) => {
          const map = makeMap([type, 4, 8, most, 0], 2, memory)
          for (const key of keys) {
            expect(put(map, key)).toBe(0)
            expect(keysIn(map)).toContain(key)
            expect(map.count).toBe(keysIn(map).length)
            expect(map.count).toBeLessThanOrEqual(most)
          }
          expect(map.count).toBe(Math.min(most, new Set(keys).size))
          map.free()
        },
      ),
      { numRuns: 60 },
    )
  })

  it('gives up the oldest first, but spares what was looked up since', () => {
    const map = makeMap([type, 4, 8, 4, 0], 2, memory)
    for (const key of [1, 2, 3, 4]) put(map, key)
    touch(map, 1)
    touch(map, 3)
    put(map, 5)
    expect(keysIn(map)).toEqual([1, 3, 4, 5])
    put(map, 6)
    expect(keysIn(map)).toEqual([1, 3, 5, 6])
    put(map, 7)
    expect(keysIn(map)).toEqual([3, 5, 6, 7])
    map.free()
  })

  it('does not count a look by a system call as use', () => {
    const map = makeMap([type, 4, 8, 2, 0], 2, memory)
    put(map, 1)
    put(map, 2)
    map.lookupElement(Uint8Array.of(1, 0, 0, 0))
    put(map, 3)
    expect(keysIn(map)).toEqual([2, 3])
    map.free()
  })

  it('gives up nothing for a refused update or one of a key that is there', () => {
    const map = makeMap([type, 4, 8, 2, 0], 2, memory)
    put(map, 1)
    put(map, 2)
    expect(put(map, 3, BPF_EXIST)).toBe(-ERRNO.ENOENT)
    expect(put(map, 2, BPF_NOEXIST)).toBe(-ERRNO.EEXIST)
    expect(put(map, 1)).toBe(0)
    expect(put(map, 1, BPF_EXIST)).toBe(0)
    expect(keysIn(map)).toEqual([1, 2])
    map.free()
  })

  it('has as many entries for each CPU with lists of their own', () => {
    const map = makeMap([type, 4, 8, 5, MAP_FLAG.NO_COMMON_LRU], 3, memory)
    expect(map.attributes.maxEntries).toBe(6)
    map.free()
  })
})
