import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LatencyHistogram } from '../../src/simulation/latency-histogram.ts'

test('every percentile is within 1.6 % above that of the sorted list', () => {
  const latencies = fc.array(fc.integer({ min: 0, max: 50_000_000 }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(latencies, fc.constantFrom(1, 50, 90, 99, 99.9, 100), (values, share) => {
      const histogram = new LatencyHistogram()
      for (const value of values) histogram.add(value)
      const sorted = values.toSorted((a, b) => a - b)
      const exact = sorted[Math.max(0, Math.ceil((share / 100) * sorted.length) - 1)] as number
      const found = histogram.percentile(share) as number
      expect(found).toBeGreaterThanOrEqual(exact)
      expect(found).toBeLessThanOrEqual(exact * (1 + 1 / 63))
    }),
  )
})

test('count and mean are exact; without packets there is nothing to tell', () => {
  const histogram = new LatencyHistogram()
  expect([histogram.count, histogram.mean, histogram.percentile(50)]).toEqual([0, undefined, undefined])
  for (const value of [1, 2, 900]) histogram.add(value)
  expect([histogram.count, histogram.mean]).toEqual([3, 301])
})
