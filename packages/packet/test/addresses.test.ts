import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  formatIp,
  formatIpv4,
  formatIpv6,
  formatMac,
  PacketError,
  parseIp,
  parseIpv4,
  parseIpv6,
  parseMac,
  parsePrefix,
} from '../src/index.ts'

describe('IPv6 text', () => {
  // biome-ignore format: table
  const rfc5952: [given: string, canonical: string, section: string][] = [
    ['2001:db8:0:0:1:0:0:1',                     '2001:db8::1:0:0:1',              '1'],
    ['2001:0db8:0:0:1:0:0:1',                    '2001:db8::1:0:0:1',              '1'],
    ['2001:db8::1:0:0:1',                        '2001:db8::1:0:0:1',              '1'],
    ['2001:DB8:0:0:1::1',                        '2001:db8::1:0:0:1',              '1'],
    ['2001:0db8::0001',                          '2001:db8::1',                    '4.1'],
    ['2001:db8:0:0:0:0:2:1',                     '2001:db8::2:1',                  '4.2.1'],
    ['2001:db8::1:1:1:1:1',                      '2001:db8:0:1:1:1:1:1',           '4.2.2'],
    ['2001:0:0:1:0:0:0:1',                       '2001:0:0:1::1',                  '4.2.3'],
    ['2001:db8:0:0:1:0:0:1',                     '2001:db8::1:0:0:1',              '4.2.3'],
    ['::ffff:192.0.2.1',                         '::ffff:192.0.2.1',               '5'],
    ['0:0:0:0:0:0:0:0',                          '::',                             'RFC 4291 2.2'],
    ['0:0:0:0:0:0:0:1',                          '::1',                            'RFC 4291 2.2'],
    ['1:0:0:0:0:0:0:0',                          '1::',                            'RFC 4291 2.2'],
    ['FF01:0:0:0:0:0:0:101',                     'ff01::101',                      'RFC 4291 2.2'],
    ['64:ff9b::192.0.2.33',                      '64:ff9b::c000:221',              'RFC 4291 2.2'],
  ]
  test.each(rfc5952)('%s is written %s (RFC 5952 section %s)', (given, canonical) => {
    expect(formatIpv6(parseIpv6(given))).toBe(canonical)
  })

  test('agrees with node:net on what is an address', () => {
    const piece = fc.constantFrom('::', ':', '0', '1', 'ffff', 'abcd1', 'g', '1.2.3.4', '.', '')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 17 }), (pieces) => {
        const text = pieces.join('')
        const accepted = ((): boolean => {
          try {
            parseIpv6(text)
            return true
          } catch (error) {
            expect((error as PacketError).code).toBe('ADDRESS_IPV6')
            return false
          }
        })()
        expect(accepted, text).toBe(isIPv6(text))
      }),
      { numRuns: 3000 },
    )
  })

  test('format and parse are inverse', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, 0xff), { minLength: 16, maxLength: 16 }), (array) => {
        const bytes = Uint8Array.from(array)
        const text = formatIpv6(bytes)
        expect(isIPv6(text)).toBe(true)
        expect(parseIpv6(text)).toEqual(bytes)
      }),
    )
  })
})

describe('IPv4 and MAC text', () => {
  test('IPv4 agrees with node:net', () => {
    const piece = fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '01', '-1', 'a', '+1', '1e1'))
    fc.assert(
      fc.property(fc.array(piece, { minLength: 3, maxLength: 5 }), (pieces) => {
        const text = pieces.join('.')
        if (isIPv4(text)) expect(formatIpv4(parseIpv4(text))).toBe(text)
        else expect(() => parseIpv4(text)).toThrow(PacketError)
      }),
      { numRuns: 2000 },
    )
  })

  test('numbers are unsigned', () => {
    expect(parseIpv4('255.255.255.255')).toBe(0xffffffff)
    expect(parseIpv4('10.1.2.3')).toBe(0x0a010203)
  })

  test('MAC', () => {
    expect(formatMac(parseMac('02-00-5E-10-00-01'))).toBe('02:00:5e:10:00:01')
    for (const text of ['', '02:00:5e:10:00', '02:00:5e:10:00:01:02', '02:00-5e:10:00:01', '2:0:5e:10:0:1'])
      expect(() => parseMac(text)).toThrow(expect.objectContaining({ code: 'ADDRESS_MAC' }))
  })
})

describe('prefixes', () => {
  test('host bits are cleared; a bare address is a host', () => {
    expect(parsePrefix('10.255.1.2/9')).toEqual({ family: 4, address: parseIp('10.128.0.0'), prefixBits: 9 })
    expect(formatIp(parsePrefix('2001:db8:ffff::1/33').address)).toBe('2001:db8:8000::')
    expect(parsePrefix('10.0.0.1').prefixBits).toBe(32)
    expect(parsePrefix('::1').prefixBits).toBe(128)
    expect(formatIp(parsePrefix('1.2.3.4/0').address)).toBe('0.0.0.0')
  })
  test.each(['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8'])('%s is refused', (text) => {
    expect(() => parsePrefix(text)).toThrow(expect.objectContaining({ code: 'ADDRESS_PREFIX' }))
  })
})
