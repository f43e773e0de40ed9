import { GuestMemory } from '@bpfoundry/guest-memory'
import { BPF_EXIST, BPF_NOEXIST, ERRNO, MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openMap } from '../src/index.ts'
import { makeMap } from './map-under-test.ts'

const memory = GuestMemory.create()
const scratch = memory.allocate('key and value', 'scratch', 256)
/** Deliberately unaligned, as a key in a packet is. */
const KEY = scratch.address + 2
const VALUE = scratch.address + 128

/** Operations of programs on a few keys. */
const step = fc.record({
  name: fc.constantFrom('update', 'update', 'lookup', 'delete'),
  key: fc.nat(11),
  value: fc.nat(255),
  flags: fc.constantFrom(0, 0, BPF_NOEXIST, BPF_EXIST),
  cpu: fc.nat(2),
})

/** What bpf(2) says an update does to a map with room for `most` keys. */
function modelUpdate(model: Map<number, number>, key: number, value: number, flags: number, most: number): number {
  if (model.has(key) ? flags === BPF_NOEXIST : flags === BPF_EXIST) {
    return model.has(key) ? -ERRNO.EEXIST : -ERRNO.ENOENT
  }
  if (!model.has(key) && model.size === most) return -ERRNO.E2BIG
  model.set(key, value)
  return 0
}

describe('the program side of hash maps follows a Map', () => {
  it.each([
    ['hash, 4-byte keys', MAP_TYPE.HASH, 4],
    ['hash, 8-byte keys', MAP_TYPE.HASH, 8],
    ['hash, 13-byte keys', MAP_TYPE.HASH, 13],
    ['LRU hash with room', MAP_TYPE.LRU_HASH, 4],
  ])('%s', (_name, type, keyBytes) => {
    const most = type === MAP_TYPE.LRU_HASH ? 12 : 6
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const map = makeMap([type, keyBytes, 8, most, 0], 3, memory)
        const model = new Map<number, number>()
        for (const { name, key, value, flags, cpu } of steps) {
          memory.u8.fill(7, KEY, KEY + keyBytes)
          memory.u8[KEY + keyBytes - 1] = key
          memory.u8.fill(value, VALUE, VALUE + 8)
          if (name === 'update') {
            expect(map.update(KEY, VALUE, flags, cpu)).toBe(modelUpdate(model, key, value, flags, most))
          } else if (name === 'delete') {
            expect(map.delete(KEY, cpu)).toBe(model.delete(key) ? 0 : -ERRNO.ENOENT)
          } else {
            const found = map.lookup(KEY, cpu)
            expect(found === 0 ? undefined : memory.u8[found + 7]).toBe(model.get(key))
            expect(found % 8).toBe(0)
          }
          expect(map.count).toBe(model.size)
        }
        const entries = [...map.entries()].map(([key, value]) => [key.at(-1), value[0]])
        expect(entries.sort()).toEqual([...model].sort())
        expect([...openMap(memory, map.address).entries()].length).toBe(model.size)
        map.free()
      }),
      { numRuns: 50 },
    )
  })
})

describe('per-CPU values', () => {
  it.each([
    ['array', MAP_TYPE.PERCPU_ARRAY],
    ['hash', MAP_TYPE.PERCPU_HASH],
    ['LRU hash', MAP_TYPE.LRU_PERCPU_HASH],
  ])('of a per-CPU %s are apart, and a system call sees all of them', (_name, type) => {
    const map = makeMap([type, 4, 5, 4, 0], 3, memory)
    const key = scratch.address + 64
    memory.u32[key >>> 2] = 2
    for (const cpu of [0, 1, 2]) {
      memory.u8.fill(0x10 + cpu, VALUE, VALUE + 8)
      expect(map.update(key, VALUE, 0, cpu)).toBe(0)
    }
    const places = [0, 1, 2].map((cpu) => map.lookup(key, cpu))
    expect(new Set(places.map((place) => place >>> 6)).size, 'cache lines').toBe(3)
    expect(map.lookup(key, 3)).toBe(0)
    const all = map.lookupElement(Uint8Array.of(2, 0, 0, 0))
    expect([...(all ?? [])]).toEqual([0x10, 0x11, 0x12].flatMap((byte) => [byte, byte, byte, byte, byte, 0, 0, 0]))
    map.free()
  })

  it('start as zero for the other CPUs when a program adds an element, also one used before', () => {
    const map = makeMap([MAP_TYPE.PERCPU_HASH, 4, 8, 1, 0], 2, memory)
    expect(map.updateElement(Uint8Array.of(1, 0, 0, 0), new Uint8Array(16).fill(0xff))).toBe(0)
    expect(map.deleteElement(Uint8Array.of(1, 0, 0, 0))).toBe(0)
    const key = scratch.address
    memory.u32[key >>> 2] = 9
    memory.u8.fill(3, VALUE, VALUE + 8)
    expect(map.update(key, VALUE, 0, 1)).toBe(0)
    expect([...(map.lookupElement(Uint8Array.of(9, 0, 0, 0)) ?? [])]).toEqual([
      ...Array(8).fill(0),
      ...Array(8).fill(3),
    ])
    map.free()
  })
})

describe('a value that a program holds', () => {
  it('keeps its old contents when the element is updated, as in the kernel', () => {
    const map = makeMap([MAP_TYPE.HASH, 4, 8, 4, 0], 1, memory)
    const key = scratch.address
    const put = (which: number, value: number): void => {
      memory.u32[key >>> 2] = which
      memory.u8.fill(value, VALUE, VALUE + 8)
      expect(map.update(key, VALUE, 0, 0)).toBe(0)
    }
    put(1, 0x11)
    const held = map.lookup(key, 0)
    put(1, 0x22)
    expect(memory.u8[held]).toBe(0x11)
    expect(memory.u8[map.lookup(key, 0)]).toBe(0x22)
    map.free()
  })
})

describe('bulk updates', () => {
  const keysOf = (count: number): Uint8Array =>
    new Uint8Array(Uint32Array.from({ length: count }, (_, n) => n * 3).buffer)

  it.each([
    ['array', MAP_TYPE.ARRAY, 0],
    ['hash', MAP_TYPE.HASH, 0],
    ['per-CPU hash', MAP_TYPE.PERCPU_HASH, 0],
    ['hash without preallocation', MAP_TYPE.HASH, MAP_FLAG.NO_PREALLOC],
  ])('of a %s put every element in', (_name, type, flags) => {
    const count = 5000
    const map = makeMap([type, 4, 8, 15_000, flags], 2, memory)
    const values = new Uint8Array(count * map.syscallValueBytes).map((_, at) => Math.floor(at / map.syscallValueBytes))
    expect(map.updateMany(keysOf(count), values, count)).toEqual({ count, result: 0 })
    for (const n of [0, 1, 511, 2047, 2048, 4999]) {
      const key = new Uint8Array(Uint32Array.of(n * 3).buffer)
      expect(map.lookupElement(key)?.every((byte) => byte === n % 256)).toBe(true)
    }
    map.free()
  })

  it('stop at the first element that fails and say how many are in', () => {
    const map = makeMap([MAP_TYPE.HASH, 4, 8, 3000, 0], 1, memory)
    const answer = map.updateMany(keysOf(4000), new Uint8Array(32_000), 4000)
    expect(answer).toEqual({ count: 3000, result: -ERRNO.E2BIG })
    expect(map.count).toBe(3000)
    map.free()
  })
})

describe('a map that Linux fills on demand', () => {
  it('answers ENOMEM when what is reserved is used up', () => {
    const map = makeMap([MAP_TYPE.HASH, 4, 2 ** 20, 100_000, MAP_FLAG.NO_PREALLOC], 1, memory)
    expect(map.memoryBytes).toBeLessThan(300 * 2 ** 20)
    const results = new Set<number>()
    for (let n = 0; n < 300; n++)
      results.add(map.updateElement(Uint8Array.of(n, n >>> 8, 0, 0), new Uint8Array(2 ** 20)))
    expect([...results]).toEqual([0, -ERRNO.ENOMEM])
    map.free()
  })
})
