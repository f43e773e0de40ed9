import { describe, expect, it } from 'vitest'
import { addressAt, rotateAt } from '../src/index.ts'
import { insnsOf } from './support/listing.ts'

describe('rotations', () => {
  it.each<[string, string, [number, number, number, number] | undefined]>([
    ['to the left', 'w2 = w1; w2 <<= 7; w1 >>= 25; w1 |= w2', [1, 1, 32, 7]],
    ['into the copy', 'w2 = w1; w2 >>= 25; w1 <<= 7; w2 |= w1', [1, 2, 32, 7]],
    ['of 64 bits', 'r2 = r1; r2 <<= 13; r1 >>= 51; r2 |= r1', [1, 2, 64, 13]],
    ['not: counts that leave a gap', 'w2 = w1; w2 <<= 7; w1 >>= 24; w1 |= w2', undefined],
    ['not: a shift with a sign', 'w2 = w1; w2 <<= 7; w1 s>>= 25; w1 |= w2', undefined],
    ['not: both to the left', 'w2 = w1; w2 <<= 16; w1 <<= 16; w1 |= w2', undefined],
    ['not: mixed widths', 'r2 = r1; w2 <<= 7; w1 >>= 25; w1 |= w2', undefined],
    ['not: another register', 'w2 = w1; w2 <<= 7; w1 >>= 25; w1 |= w3', undefined],
    ['not: one register shifted twice', 'w2 = w1; w2 <<= 7; w2 >>= 25; w1 |= w2', undefined],
    ['not: by nothing', 'w2 = w1; w2 <<= 0; w1 >>= 32; w1 |= w2', undefined],
  ])('%s', (_, text, expected) => {
    const found = rotateAt(insnsOf(text), 0)
    expect(found && [found.value, found.dst, found.bits, found.left]).toEqual(expected)
  })

  it('end with the program', () => {
    expect(rotateAt(insnsOf('w2 = w1; w2 <<= 7; w1 >>= 25'), 0)).toBeUndefined()
  })
})

describe('addresses', () => {
  it.each([
    ['a place on the stack', 'r2 = r10; r2 += -8', { dst: 2, src: 10, offset: -8 }],
    ['not of 32 bits', 'w2 = w1; w2 += 8', undefined],
    ['not into another register', 'r2 = r10; r3 += 8', undefined],
    ['not a register more', 'r2 = r10; r2 += r3', undefined],
  ])('%s', (_, text, expected) => {
    expect(addressAt(insnsOf(text), 0)).toEqual(expected)
  })
})
