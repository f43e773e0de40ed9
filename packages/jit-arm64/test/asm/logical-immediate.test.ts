import { describe, expect, it } from 'vitest'
import { logicalImmediate32, logicalImmediate64 } from '../../src/asm/logical-immediate.ts'

/** DecodeBitMasks() of the manual, as it is written there, in BigInt; undefined for reserved fields. */
function decodeBitMasks(n: number, immr: number, imms: number): bigint | undefined {
  const pattern = (n << 6) | (~imms & 0x3f)
  const length = 31 - Math.clz32(pattern)
  if (pattern === 0 || length < 1) return undefined
  const levels = (1 << length) - 1
  const s = imms & levels
  const r = immr & levels
  if (s === levels) return undefined
  const size = 1n << BigInt(length)
  const ones = (1n << BigInt(s + 1)) - 1n
  const rotated = ((ones >> BigInt(r)) | (ones << (size - BigInt(r)))) & ((1n << size) - 1n)
  let value = 0n
  for (let at = 0n; at < 64n; at += size) value |= rotated << at
  return value
}

const low = (value: bigint): number => Number(BigInt.asIntN(32, value))
const high = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n))

/** Value by fields, the smallest fields where bits of immr do not count. */
const values = new Map<bigint, number>()
for (let fields = 0; fields < 2 ** 13; fields++) {
  const value = decodeBitMasks(fields >> 12, (fields >> 6) & 63, fields & 63)
  if (value !== undefined && !values.has(value)) values.set(value, fields)
}

describe('logical immediates', () => {
  it('are the 5334 values of the manual, each with its one encoding', () => {
    expect(values.size).toBe(5334)
    const wrong = [...values].filter(([value, fields]) => logicalImmediate64(low(value), high(value)) !== fields)
    expect(wrong).toEqual([])
  })

  it('of 32 bits are the 1302 whose halves are equal', () => {
    const repeated = [...values].filter(([value]) => low(value) === high(value))
    expect(repeated.length).toBe(1302)
    expect(repeated.filter(([value, fields]) => logicalImmediate32(low(value)) !== fields)).toEqual([])
  })

  it('are none of the other values of 16 bits, alone, repeated, or next to one that can be encoded', () => {
    const accepted: bigint[] = []
    for (let half = 0n; half < 0x10000n; half++) {
      const word = half | (half << 16n)
      for (const value of [half, word | (word << 32n), half << 40n, ~half & 0xffffffffffffffffn]) {
        const encoded = logicalImmediate64(low(value), high(value)) !== undefined
        if (encoded !== values.has(value)) accepted.push(value)
      }
    }
    expect(accepted).toEqual([])
  })

  it('are no longer such when any one bit is turned, unless the manual has that value, too', () => {
    const accepted: bigint[] = []
    for (const value of values.keys()) {
      for (let bit = 0n; bit < 64n; bit += 3n) {
        const turned = value ^ (1n << bit)
        if ((logicalImmediate64(low(turned), high(turned)) !== undefined) !== values.has(turned)) accepted.push(turned)
      }
    }
    expect(accepted).toEqual([])
  })

  it('are neither 0 nor all ones', () => {
    expect([
      logicalImmediate32(0),
      logicalImmediate32(-1),
      logicalImmediate64(0, 0),
      logicalImmediate64(-1, -1),
    ]).toEqual(new Array(4).fill(undefined))
  })
})
