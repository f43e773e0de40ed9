import { GuestMemory } from '@bpfoundry/guest-memory'
import { ERRNO, MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { makeMap } from './map-under-test.ts'

const memory = GuestMemory.create()

interface Prefix {
  readonly length: number
  readonly address: number
}

/** IPv4 prefixes that nest often. */
const prefix = fc.record({
  length: fc.oneof(fc.constantFrom(0, 1, 8, 16, 24, 31, 32), fc.nat(32)),
  address: fc
    .tuple(fc.constantFrom(10, 192), fc.constantFrom(0, 128, 255), fc.constantFrom(0, 1), fc.nat(255))
    .map(([a, b, c, d]) => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0),
})

const maskOf = (length: number): number => (length === 0 ? 0 : (-1 << (32 - length)) >>> 0)

function keyBytes({ length, address }: Prefix): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, length, true)
  view.setUint32(4, address)
  return bytes
}

/** Longest match by looking at every prefix. */
function longest(routes: ReadonlyMap<string, Prefix & { value: number }>, key: Prefix): number | undefined {
  let best: (Prefix & { value: number }) | undefined
  for (const route of routes.values()) {
    if (route.length > key.length || ((route.address ^ key.address) & maskOf(route.length)) !== 0) continue
    if (best === undefined || route.length > best.length) best = route
  }
  return best?.value
}

it('finds the longest of all prefixes that match, after any insertions and deletions', () => {
  const step = fc.record({ prefix, value: fc.nat(1e6), remove: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.array(prefix, { maxLength: 40 }), (steps, keys) => {
      const map = makeMap([MAP_TYPE.LPM_TRIE, 8, 4, 200, MAP_FLAG.NO_PREALLOC], 1, memory)
      const routes = new Map<string, Prefix & { value: number }>()
      for (const { prefix: one, value, remove } of steps) {
        const name = `${(one.address & maskOf(one.length)) >>> 0}/${one.length}`
        if (remove) expect(map.deleteElement(keyBytes(one))).toBe(routes.delete(name) ? 0 : -ERRNO.ENOENT)
        else {
          expect(map.updateElement(keyBytes(one), new Uint8Array(Uint32Array.of(value).buffer))).toBe(0)
          routes.set(name, { ...one, value })
        }
        expect(map.count).toBe(routes.size)
      }
      for (const key of [...keys, ...[...routes.values()].map(({ address }) => ({ address, length: 32 }))]) {
        const found = map.lookupElement(keyBytes(key))
        expect(found === undefined ? undefined : new Uint32Array(found.buffer)[0]).toBe(longest(routes, key))
      }
      const seen = [...map.entries()].map(([key]) => new DataView(key.buffer).getUint32(0, true))
      expect(seen.length).toBe(routes.size)
      map.free()
    }),
    { numRuns: 80 },
  )
})

it('goes through any number of changes with the nodes it has', () => {
  const map = makeMap([MAP_TYPE.LPM_TRIE, 8, 4, 8, MAP_FLAG.NO_PREALLOC], 1, memory)
  const values = new Uint8Array(4)
  for (let round = 0; round < 3000; round++) {
    const key = keyBytes({ length: 8 + (round % 25), address: Math.imul(round, 0x9e3779b1) >>> 0 })
    expect(map.updateElement(key, values)).toBe(0)
    expect(map.updateElement(key, values)).toBe(0)
    if (map.count === 8) for (const [old] of map.entries()) expect(map.deleteElement(old)).toBe(0)
  }
  map.free()
})

it('keeps a looked-up value for the program that holds it over an update of the prefix', () => {
  const map = makeMap([MAP_TYPE.LPM_TRIE, 8, 4, 8, MAP_FLAG.NO_PREALLOC], 1, memory)
  const key = memory.allocate('key', 'scratch', 64)
  memory.write(key.address, keyBytes({ length: 32, address: 0x0a000001 }))
  map.updateElement(keyBytes({ length: 8, address: 0x0a000000 }), Uint8Array.of(1, 0, 0, 0))
  const held = map.lookup(key.address, 0)
  map.updateElement(keyBytes({ length: 8, address: 0x0a000000 }), Uint8Array.of(2, 0, 0, 0))
  expect(memory.u8[held]).toBe(1)
  expect(memory.u8[map.lookup(key.address, 0)]).toBe(2)
  map.free()
})
