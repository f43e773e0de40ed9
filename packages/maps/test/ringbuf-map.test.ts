/** A ring gives out what was put into it, in order, and never more room than it has. */
import { GuestMemory } from '@bpfoundry/guest-memory'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createMap, openMap, RingbufMap, ringOfRecord } from '../src/index.ts'

const RING_BYTES = 4096

const step = fc.oneof(
  { arbitrary: fc.record({ reserve: fc.nat({ max: 900 }) }), weight: 4 },
  { arbitrary: fc.record({ finish: fc.nat(20), discards: fc.boolean() }), weight: 4 },
  { arbitrary: fc.constant({ consume: true }), weight: 1 },
)

interface Made {
  readonly address: number
  readonly bytes: Uint8Array
  state: 'busy' | 'done' | 'discarded'
}

it('whatever is reserved, finished and read', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const memory = GuestMemory.create()
      const attributes = { name: 'r', type: MAP_TYPE.RINGBUF, keySizeBytes: 0, valueSizeBytes: 0, flags: 0 }
      const { address } = createMap(memory, { ...attributes, maxEntries: RING_BYTES }, { id: 1, cpus: 1 })
      const ring = openMap(memory, address) as RingbufMap
      expect(ring).toBeInstanceOf(RingbufMap)
      const made: Made[] = []
      for (const [n, one] of steps.entries()) {
        if ('reserve' in one) {
          const at = ring.reserve(one.reserve)
          if (at === 0) continue
          const bytes = new Uint8Array(one.reserve).fill(n + 1)
          memory.write(at, bytes)
          expect(ringOfRecord(memory, at)).toBe(address)
          made.push({ address: at, bytes, state: 'busy' })
        } else if ('finish' in one) {
          const busy = made.filter(({ state }) => state === 'busy')
          const record = busy[one.finish % Math.max(1, busy.length)]
          if (record === undefined) continue
          record.state = one.discards ? 'discarded' : 'done'
          ring.commit(record.address, one.discards)
        } else {
          const until = made.findIndex(({ state }) => state === 'busy')
          const finished = made.splice(0, until < 0 ? made.length : until)
          const expected = finished.filter(({ state }) => state === 'done').map(({ bytes }) => bytes)
          expect([...ring.consume()].map((record) => Uint8Array.from(record))).toEqual(expected)
        }
        const used = made.reduce((sum, { bytes }) => sum + Math.ceil((bytes.length + 8) / 8) * 8, 0)
        expect(ring.producerPosition - ring.consumerPosition).toBe(used)
        expect(used).toBeLessThan(RING_BYTES)
      }
    }),
    { numRuns: 200 },
  )
})
