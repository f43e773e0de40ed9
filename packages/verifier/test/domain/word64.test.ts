import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as words from '../../src/domain/word64.ts'

const interesting = [0n, 1n, 2n, 0xffffn, 0x10000n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n]
const edge = fc.constantFrom(...interesting.flatMap((x) => [x, -x, x << 31n, (1n << 63n) + x, (1n << 63n) - x]))
const anyWord = fc.oneof(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), edge).map((x) => BigInt.asUintN(64, x))
const anyShift = fc.integer({ min: 0, max: 63 })
const u64 = (x: bigint): bigint => BigInt.asUintN(64, x)
const s64 = (x: bigint): bigint => BigInt.asIntN(64, x)

// biome-ignore format: table
const BINARY: readonly (readonly [string, (a: words.Word64, b: words.Word64) => words.Word64, (a: bigint, b: bigint) => bigint])[] = [
  ['add',         words.add,         (a, b) => a + b],
  ['subtract',    words.subtract,    (a, b) => a - b],
  ['multiply',    words.multiply,    (a, b) => a * b],
  ['and',         words.and,         (a, b) => a & b],
  ['or',          words.or,          (a, b) => a | b],
  ['xor',         words.xor,         (a, b) => a ^ b],
  ['andNot',      words.andNot,      (a, b) => a & ~b],
  ['maxSigned',   words.maxSigned,   (a, b) => (s64(a) > s64(b) ? a : b)],
]

// biome-ignore format: table
const SHIFTS: readonly (readonly [string, (a: words.Word64, shift: number) => words.Word64, (a: bigint, shift: bigint) => bigint])[] = [
  ['shiftLeft',            words.shiftLeft,            (a, n) => a << n],
  ['shiftRight',           words.shiftRight,           (a, n) => a >> n],
  ['shiftRightArithmetic', words.shiftRightArithmetic, (a, n) => s64(a) >> n],
]

describe('64-bit words agree with BigInt', () => {
  for (const [name, operation, expected] of BINARY) {
    it(name, () => {
      fc.assert(
        fc.property(anyWord, anyWord, (a, b) => {
          const result = operation(words.fromBigInt(a), words.fromBigInt(b))
          expect(words.toUnsignedBigInt(result)).toBe(u64(expected(a, b)))
        }),
        { numRuns: 300 },
      )
    })
  }
  for (const [name, operation, expected] of SHIFTS) {
    it(name, () => {
      fc.assert(
        fc.property(anyWord, anyShift, (a, shift) => {
          expect(words.toUnsignedBigInt(operation(words.fromBigInt(a), shift))).toBe(u64(expected(a, BigInt(shift))))
        }),
        { numRuns: 300 },
      )
    })
  }
  it('orders, bit length, and text', () => {
    fc.assert(
      fc.property(anyWord, anyWord, (a, b) => {
        const left = words.fromBigInt(a)
        const right = words.fromBigInt(b)
        expect(words.lessUnsigned(left, right)).toBe(a < b)
        expect(words.lessSigned(left, right)).toBe(s64(a) < s64(b))
        expect(words.bitLength(left)).toBe(a === 0n ? 0 : a.toString(2).length)
        expect(words.toHex(left)).toBe(a === 0n ? '0' : `0x${a.toString(16)}`)
        expect(words.toSignedDecimal(left)).toBe(s64(a).toString())
        expect(words.toUnsignedDecimal(left)).toBe(a.toString())
        expect(words.isPowerOfTwo(left)).toBe(a !== 0n && (a & (a - 1n)) === 0n)
      }),
      { numRuns: 500 },
    )
  })
  it('masks of every length', () => {
    for (let bits = 0; bits <= 64; bits++) {
      expect(words.toUnsignedBigInt(words.lowMask(bits))).toBe((1n << BigInt(bits)) - 1n)
    }
  })
})
