import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checksumSum,
  foldChecksum,
  internetChecksum,
  pseudoHeaderSum,
  updateChecksum,
  updateChecksum32,
} from '../src/index.ts'

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

describe('Internet checksum', () => {
  test('the numerical example of RFC 1071 section 3', () => {
    const bytes = bytesOf('00 01 f2 03 f4 f5 f6 f7')
    expect(checksumSum(bytes, 0, 8)).toBe(0x2ddf0)
    expect(foldChecksum(0x2ddf0)).toBe(0xddf2)
    expect(internetChecksum(bytes, 0, 8)).toBe(0x220d)
  })

  test('the sum may be taken in pieces of even length (RFC 1071 section 2 A)', () => {
    const bytes = bytesOf('00 01 f2 03 f4 f5 f6 f7 80')
    expect(checksumSum(bytes, 4, 5, checksumSum(bytes, 0, 4))).toBe(checksumSum(bytes, 0, 9))
  })

  test('the IPv4 header example of Wikipedia, "Internet checksum" has 0xb861', () => {
    const header = bytesOf('4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7')
    expect(internetChecksum(header, 0, 20)).toBe(0xb861)
    header.set([0xb8, 0x61], 10)
    expect(internetChecksum(header, 0, 20)).toBe(0)
  })

  test('a sum past 32 bits folds', () => {
    expect(foldChecksum(0xffff * 0x1_0001_0001)).toBe(0xffff)
  })

  test('pseudo headers of both families add addresses, protocol and length', () => {
    const addresses = bytesOf('0a00 0001 0a00 0002')
    expect(pseudoHeaderSum(addresses, 0, 8, 17, 9)).toBe(0x0a00 + 1 + 0x0a00 + 2 + 17 + 9)
    expect(pseudoHeaderSum(new Uint8Array(32), 0, 32, 58, 0x12345)).toBe(58 + 0x12345)
  })

  test('the example of RFC 1624 section 4 gives 0x0000, not 0xffff', () => {
    expect(updateChecksum(0xdd2f, 0x5555, 0x3285)).toBe(0x0000)
  })

  test('an incremental update is what computing anew gives', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 64 }),
        fc.nat(0xffffffff),
        fc.nat(1000),
        (bytes, value, place) => {
          bytes[0] = 0x45 // never all zero, as in any header: +0 and -0 are then told apart (RFC 1624 section 3)
          const at = 4 + (((place % (bytes.length - 7)) >> 1) << 1)
          const before = internetChecksum(bytes, 0, bytes.length)
          const view = new DataView(bytes.buffer, bytes.byteOffset)
          const old = view.getUint32(at)
          view.setUint32(at, value)
          expect(updateChecksum32(before, old, value)).toBe(internetChecksum(bytes, 0, bytes.length))
        },
      ),
    )
  })
})
