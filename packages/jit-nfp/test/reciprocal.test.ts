import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reciprocal } from '../src/lower/reciprocal.ts'

const RUNS = Number(process.env['THOROUGH'] === undefined ? 2000 : 2_000_000)

const dividend = fc.oneof(
  fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff),
  fc.nat({ max: 0xffffffff }),
)
const divisor = fc.oneof(
  fc.constantFrom(1, 2, 3, 7, 10, 641, 2 ** 30, 2 ** 31 - 1, 2 ** 31),
  fc.integer({ min: 1, max: 2 ** 31 }),
)

describe('reciprocal', () => {
  it('divides: n / d is the high part of n times the multiplier', () => {
    fc.assert(
      fc.property(dividend, divisor, (n, d) => {
        const { multiplier, shift, wide } = reciprocal(d, 32)
        const m = BigInt(multiplier) + (wide ? 1n << 32n : 0n)
        expect((BigInt(n) * m) >> BigInt(32 + shift)).toBe(BigInt(n) / BigInt(d))
      }),
      { numRuns: RUNS },
    )
  })

  it('gives the exponent of powers of two', () => {
    expect([1, 2, 4096, 2 ** 31].map((d) => reciprocal(d, 32).exponent)).toEqual([0, 1, 12, 31])
  })
})
