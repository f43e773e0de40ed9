import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CACHE_LINE_BYTES, GUEST_PAGE_BYTES, GuestMemory, NULL_PAGE_BYTES, type Region } from '../src/index.ts'

const MAXIMUM_BYTES = 64 * GUEST_PAGE_BYTES

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
  } catch (error) {
    return (error as { code?: string }).code
  }
  return undefined
}

describe('allocation', () => {
  it('never gives out page 0', () => {
    const memory = GuestMemory.create({ maximumBytes: MAXIMUM_BYTES })
    expect(memory.allocate('first', 'scratch', 1).address).toBeGreaterThanOrEqual(NULL_PAGE_BYTES)
    expect(memory.regionAt(0)).toBeUndefined()
    expect(memory.regionAt(NULL_PAGE_BYTES - 1)).toBeUndefined()
  })

  it('keeps regions apart, aligned, zeroed and findable under any sequence of allocations and frees', () => {
    const step = fc.oneof(
      fc.record({ sizeBytes: fc.integer({ min: 1, max: 200_000 }), alignShift: fc.integer({ min: 0, max: 13 }) }),
      fc.record({ free: fc.nat() }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = GuestMemory.create({ maximumBytes: MAXIMUM_BYTES })
        const live: Region[] = []
        for (const one of steps) {
          if ('free' in one) {
            const [region] = live.splice(one.free % Math.max(1, live.length), 1)
            if (region !== undefined) memory.free(region)
            continue
          }
          const alignBytes = 1 << one.alignShift
          if (one.sizeBytes + alignBytes > memory.availableBytes) continue
          const region = memory.allocate('r', 'scratch', one.sizeBytes, alignBytes)
          expect(region.address % Math.max(CACHE_LINE_BYTES, alignBytes)).toBe(0)
          const bytes = memory.u8.subarray(region.address, region.address + region.sizeBytes)
          expect(bytes.every((byte) => byte === 0)).toBe(true)
          bytes.fill(0xff)
          live.push(region)
        }
        const sorted = live.toSorted((a, b) => a.address - b.address)
        expect(memory.regions).toEqual(sorted)
        for (const [index, region] of sorted.entries()) {
          const end = region.address + region.sizeBytes
          expect(end).toBeLessThanOrEqual(sorted[index + 1]?.address ?? memory.byteLength)
          expect(memory.regionAt(region.address)).toBe(region)
          expect(memory.regionAt(end - 1)).toBe(region)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('has all its room again after everything was freed, in any order', () => {
    const order = fc.uniqueArray(fc.nat(9), { minLength: 10, maxLength: 10 })
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 10, maxLength: 10 }),
        order,
        (sizes, o) => {
          const memory = GuestMemory.create({ maximumBytes: MAXIMUM_BYTES })
          const all = memory.availableBytes
          const regions = sizes.map((sizeBytes, index) => memory.allocate('r', 'scratch', sizeBytes, 64 << index))
          for (const index of o) memory.free(regions[index] as Region)
          expect(memory.regions).toEqual([])
          expect(memory.availableBytes).toBe(all)
          expect(memory.allocate('whole', 'scratch', all).sizeBytes).toBe(all)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('grows only as far as needed and keeps contents over growth', () => {
    const memory = GuestMemory.create({ maximumBytes: MAXIMUM_BYTES })
    const first = memory.allocate('first', 'scratch', 8)
    memory.u32[first.address >>> 2] = 0xcafe
    const before = memory.byteLength
    memory.allocate('second', 'scratch', 10 * GUEST_PAGE_BYTES)
    expect(memory.byteLength).toBeGreaterThan(before)
    expect(memory.byteLength).toBeLessThanOrEqual(before + 10 * GUEST_PAGE_BYTES)
    expect(memory.u32[first.address >>> 2]).toBe(0xcafe)
  })

  it('reaches the last page below 4 GiB without touching what lies before', () => {
    const memory = GuestMemory.create()
    const resident = process.memoryUsage().rss
    const region = memory.allocate('huge', 'map', memory.availableBytes)
    const last = region.address + region.sizeBytes - 1
    expect(last).toBe(65_535 * GUEST_PAGE_BYTES - 1)
    memory.u8[last] = 7
    expect(memory.u8[last]).toBe(7)
    expect(process.memoryUsage().rss - resident).toBeLessThan(64 << 20)
  })
})

describe('errors', () => {
  const memory = GuestMemory.create({ maximumBytes: MAXIMUM_BYTES })
  const region = memory.allocate('r', 'scratch', 100)

  it.each([
    ['too much', 'GUEST_MEMORY_EXHAUSTED', () => memory.allocate('x', 'map', 5 * 2 ** 30)],
    ['no bytes', 'GUEST_MEMORY_SIZE', () => memory.allocate('x', 'map', 0)],
    ['half a byte', 'GUEST_MEMORY_SIZE', () => memory.allocate('x', 'map', 0.5)],
    ['not a number', 'GUEST_MEMORY_SIZE', () => memory.allocate('x', 'map', Number.NaN)],
    ['no alignment', 'GUEST_MEMORY_SIZE', () => memory.allocate('x', 'map', 1, 0)],
    ['a region of another memory', 'GUEST_MEMORY_FREE', () => memory.free({ ...region })],
    ['a read past the end', 'GUEST_MEMORY_BOUNDS', () => memory.read(memory.byteLength - 1, 2)],
    ['a write past the end', 'GUEST_MEMORY_BOUNDS', () => memory.write(memory.byteLength, Uint8Array.of(1))],
    ['a memory of one page', 'GUEST_MEMORY_SIZE', () => GuestMemory.create({ maximumBytes: 1 })],
    ['a memory of 4 GiB', 'GUEST_MEMORY_SIZE', () => GuestMemory.create({ maximumBytes: 2 ** 32 })],
    [
      'an allocation by a thread that attached',
      'GUEST_MEMORY_OWNER',
      () => GuestMemory.attach(memory.memory).allocate('x', 'map', 1),
    ],
  ])('refuses %s with %s', (_name, code, action) => {
    expect(codeOf(action)).toBe(code)
  })

  it('says how much would have fitted, and loses nothing by the attempt', () => {
    const available = memory.availableBytes
    expect(() => memory.allocate('big', 'map', available + 64)).toThrow(
      expect.objectContaining({ expected: `at most ${available} bytes` }),
    )
    expect(memory.availableBytes).toBe(available)
    memory.free(memory.allocate('fits', 'map', available))
  })

  it('refuses to free twice', () => {
    const once = memory.allocate('once', 'scratch', 8)
    memory.free(once)
    expect(codeOf(() => memory.free(once))).toBe('GUEST_MEMORY_FREE')
  })
})

describe('host-side copies', () => {
  it('reads back what was written, as a private copy', () => {
    const memory = GuestMemory.create({ maximumBytes: MAXIMUM_BYTES })
    const { address } = memory.allocate('r', 'scratch', 8)
    memory.write(address, Uint8Array.of(1, 2, 3))
    const copy = memory.read(address, 4)
    expect([...copy]).toEqual([1, 2, 3, 0])
    memory.u8[address] = 9
    expect(copy[0]).toBe(1)
    expect(copy.buffer).toBeInstanceOf(ArrayBuffer)
  })
})
