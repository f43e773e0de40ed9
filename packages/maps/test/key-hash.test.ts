import { GuestMemory } from '@bpfoundry/guest-memory'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { hashBytes, hashTwoWords, hashWord } from '../src/key-hash.ts'

const memory = GuestMemory.create({ maximumBytes: 2 ** 18 })
const { address } = memory.allocate('key', 'scratch', 128)

// The vectors that lookup3.c prints in its driver5().
it.each([
  ['', 0, 0xdeadbeef],
  ['', 0xdeadbeef, 0xbd5b7dde],
  ['Four score and seven years ago', 0, 0x17770551],
  ['Four score and seven years ago', 1, 0xcd628161],
])('hashes %j with seed %d as lookup3 does', (text, seed, expected) => {
  for (const at of [address, address + 1, address + 2]) {
    memory.write(at, new TextEncoder().encode(text))
    expect(hashBytes(memory, at, text.length, seed)).toBe(expected)
  }
})

it('has short cuts for 4 and 8 bytes that agree with the general form', () => {
  const u32 = fc.nat({ max: 0xffff_ffff })
  fc.assert(
    fc.property(u32, u32, u32, (low, high, seed) => {
      memory.u32[address >>> 2] = low
      memory.u32[(address >>> 2) + 1] = high
      expect(hashWord(low, seed)).toBe(hashBytes(memory, address, 4, seed))
      expect(hashTwoWords(low, high, seed)).toBe(hashBytes(memory, address, 8, seed))
    }),
  )
})
