import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BTF_INT_ENCODING, BTF_KIND, BtfBuilder, BtfError, decodeValue, encodeValue } from '../src/index.ts'

/**
 * struct key { __be32 saddr; __be16 port; unsigned char mac[6]; char name[8]; long long delta; enum mode mode;
 *              unsigned int low : 3, high : 5; };
 * struct one { __be32 saddr; };
 */
function exampleTypes(byteOrder: 'little' | 'big' = 'little') {
  const builder = new BtfBuilder()
  const int = (name: string, sizeBytes: number, encoding = 0): number =>
    builder.add({ kind: BTF_KIND.INT, name, sizeBytes, encoding, bitOffset: 0, bits: sizeBytes * 8 })
  const array = (elementTypeId: number, length: number): number =>
    builder.add({ kind: BTF_KIND.ARRAY, name: '', elementTypeId, indexTypeId: u32, length })
  const u32 = int('unsigned int', 4)
  const u16 = int('unsigned short', 2)
  const u8 = int('unsigned char', 1)
  const char = int('char', 1, BTF_INT_ENCODING.SIGNED)
  const s64 = int('long long', 8, BTF_INT_ENCODING.SIGNED)
  const be32 = builder.add({ kind: BTF_KIND.TYPEDEF, name: '__be32', typeId: u32 })
  const be16 = builder.add({ kind: BTF_KIND.TYPEDEF, name: '__be16', typeId: u16 })
  const values = [
    { name: 'PASS', value: 2n },
    { name: 'DROP', value: 1n },
  ]
  const mode = builder.add({ kind: BTF_KIND.ENUM, name: 'mode', sizeBytes: 4, signed: false, values })
  const member = (name: string, typeId: number, bitOffset: number, bitfieldBits = 0) => ({
    name,
    typeId,
    bitOffset,
    bitfieldBits,
  })
  const key = builder.add({
    kind: BTF_KIND.STRUCT,
    name: 'key',
    sizeBytes: 40,
    kindFlag: true,
    members: [
      member('saddr', be32, 0),
      member('port', be16, 32),
      member('mac', array(u8, 6), 48),
      member('name', array(char, 8), 96),
      member('delta', s64, 192),
      member('mode', mode, 256),
      member('low', u32, 288, 3),
      member('high', u32, 291, 5),
      member('shift', s64, 296, 6),
    ],
  })
  const one = builder.add({
    kind: BTF_KIND.STRUCT,
    name: 'one',
    sizeBytes: 4,
    kindFlag: false,
    members: [member('saddr', be32, 0)],
  })
  return { btf: builder.build(byteOrder), key, one, u32, s64 }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('encodeValue', () => {
  const { btf, key, one, u32 } = exampleTypes()

  test('lays a struct out as gcc does on x86-64', () => {
    // Bytes of the same initialiser in a C program: gcc 12 -O2, written with fwrite.
    const bytes = encodeValue(btf, key, {
      saddr: '10.1.2.3',
      port: 443,
      mac: '02:00:00:00:00:07',
      name: 'eth0',
      delta: -2,
      mode: 'PASS',
      low: 5,
      high: 18,
    })
    expect(hex(bytes)).toBe('0a01020301bb020000000007657468300000000000000000feffffffffffffff0200000095000000')
  })

  test('an address is stored in network order, a number in the order of its type', () => {
    expect(hex(encodeValue(btf, one, { saddr: '10.1.2.3' }))).toBe('0a010203')
    expect(hex(encodeValue(btf, one, { saddr: 0x0a010203 }))).toBe('0a010203')
    expect(hex(encodeValue(btf, u32, '10.1.2.3'))).toBe('0a010203')
    expect(hex(encodeValue(btf, u32, 0x0a010203))).toBe('0302010a')
  })

  test('a struct of one member takes its value', () => {
    expect(hex(encodeValue(btf, one, '192.0.2.1'))).toBe('c0000201')
  })

  test.each([
    ['an unknown member', key, { sadr: 1 }, 'member sadr'],
    ['a number that is too large', u32, 2 ** 32, '4294967296'],
    ['a fraction', u32, 1.5, '1.5'],
    ['text that is no number', u32, 'ten', '"ten"'],
    ['too many elements', key, { mac: [1, 2, 3, 4, 5, 6, 7] }, '7 elements'],
    ['text that is too long', key, { name: 'enp0s31f6' }, '9 bytes of text'],
    ['a number for a struct', key, 7, '7'],
  ] as const)('%s is refused with what was found', (_, typeId, value, got) => {
    expect(() => encodeValue(btf, typeId, value)).toThrowError(BtfError)
    try {
      encodeValue(btf, typeId, value)
    } catch (error) {
      expect(error).toMatchObject({ code: 'BTF_VALUE', got })
    }
  })
})

describe('decodeValue', () => {
  test.each(['little', 'big'] as const)('gives back what was encoded, %s-endian', (byteOrder) => {
    const { btf, key } = exampleTypes(byteOrder)
    const value = fc.record({
      saddr: fc.nat(0xffffffff),
      port: fc.nat(0xffff),
      mac: fc.array(fc.nat(255), { minLength: 6, maxLength: 6 }),
      name: fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'Z', '0', '-') }),
      delta: fc.integer(),
      mode: fc.constantFrom('PASS', 'DROP'),
      low: fc.nat(7),
      high: fc.nat(31),
      shift: fc.integer({ min: -32, max: 31 }),
    })
    fc.assert(
      fc.property(value, (given) => {
        expect(decodeValue(btf, key, encodeValue(btf, key, given))).toEqual(given)
      }),
    )
  })

  test('64-bit numbers beyond 2^53 are bigints', () => {
    const { btf, s64 } = exampleTypes()
    expect(decodeValue(btf, s64, encodeValue(btf, s64, -(2n ** 60n)))).toBe(-(2n ** 60n))
    expect(decodeValue(btf, s64, encodeValue(btf, s64, 12))).toBe(12)
  })
})
