import { GuestMemory } from '@bpfoundry/guest-memory'
import { helperByName, MAP_TYPE } from '@bpfoundry/kernel-abi'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inlineMapCall } from '../../src/index.ts'
import { makeMap } from '../map-under-test.ts'
import { InlineRun } from './inline-run.ts'

const LOOKUP = helperByName('map_lookup_elem')?.id as number

/** Prefixes of few different bytes, so that they share beginnings. */
const prefixes = (dataBytes: number, longest: number) =>
  fc.tuple(
    fc.oneof(fc.nat({ max: longest }), fc.constantFrom(0, 31, 32, 33, 63, 64, 65, longest)),
    fc.array(fc.constantFrom(0, 0x80, 0xff, 0x0a), { minLength: dataBytes, maxLength: dataBytes }),
  )

describe.each([4, 8, 16])('the inlined look-up in a trie of %d bytes', (dataBytes) => {
  it('finds what the helper finds', () => {
    const bits = dataBytes * 8
    const given = fc.array(prefixes(dataBytes, bits), { maxLength: 30 })
    const asked = fc.array(prefixes(dataBytes, bits + 1), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(given, asked, (present, queries) => {
        const memory = GuestMemory.create()
        const map = makeMap([MAP_TYPE.LPM_TRIE, 4 + dataBytes, 9, 40, 1], 1, memory)
        const run = InlineRun.create(memory, 1)
        const body = inlineMapCall(map, LOOKUP, { cpuIdOffsetBytes: 0 }) ?? []
        const put = ([length, data]: readonly [number, readonly number[]], at: number): void =>
          memory.write(at, Uint8Array.of(length, length >> 8, 0, 0, ...data))
        for (const prefix of present) {
          put(prefix, run.key)
          map.update(run.key, run.value, 0, 0)
        }
        for (const [n, prefix] of [...queries, ...present].entries()) {
          const key = run.key + (n & 3)
          put(prefix, key)
          expect(run.call(body, 0, 0n, key)).toBe(BigInt(map.lookup(key, 0)))
        }
        expect(run.slowPaths).toBe(0)
      }),
      { numRuns: 40 },
    )
  })
})

it('is not made for other lengths', () => {
  const map = makeMap([MAP_TYPE.LPM_TRIE, 4 + 5, 8, 4, 1], 1)
  expect(inlineMapCall(map, LOOKUP, { cpuIdOffsetBytes: 0 })).toBeUndefined()
})
