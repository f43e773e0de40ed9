import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { addU64, GuestMemory, readU64, writeU64 } from '../src/index.ts'

const memory = GuestMemory.create({ maximumBytes: 2 ** 18 })
const { address } = memory.allocate('counter', 'scratch', 8)

it('adds as 64-bit unsigned arithmetic does, wrapping at 2^64', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.maxSafeNat(), (start, amount) => {
      memory.view.setBigUint64(address, start, true)
      addU64(memory, address, amount)
      expect(memory.view.getBigUint64(address, true)).toBe(BigInt.asUintN(64, start + BigInt(amount)))
    }),
  )
})

it('reads and writes whole numbers below 2^53 exactly', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      writeU64(memory, address, value)
      expect(memory.view.getBigUint64(address, true)).toBe(BigInt(value))
      expect(readU64(memory, address)).toBe(value)
    }),
  )
})
