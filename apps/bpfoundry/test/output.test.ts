import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCount } from '../src/output.ts'

test('counts are written as in English', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), fc.nat({ max: 10_000_000 })), (count) => {
      expect(formatCount(count)).toBe(count.toLocaleString('en-US'))
    }),
  )
})

test.for([0.5, 12.25, 999.999, 999.9996, 1234.5678, 0.0004])(
  '%d likewise, with three digits behind the point',
  (count) => {
    expect(formatCount(count)).toBe(count.toLocaleString('en-US'))
  },
)
