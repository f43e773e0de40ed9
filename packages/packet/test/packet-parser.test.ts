import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ethernet,
  fragmentIpv4,
  fragmentIpv6,
  hopByHop,
  icmp,
  ipv4,
  ipv6,
  LINKTYPE,
  packet,
  padFrame,
  parsePacket,
  readCapture,
  TCP_FLAG,
  tcp,
  tcpOption,
  udp,
  verifyChecksums,
  vlan,
} from '../src/index.ts'

const v4 = { src: '10.0.0.1', dst: '192.168.0.1' }
const v6 = { src: '2001:db8::1', dst: '2001:db8::2' }

/** A DNS query for example.com, written down byte by byte and not by the builders. */
const DNS_QUERY = Uint8Array.from(
  Buffer.from(
    '525400123502525400123456' +
      '0800' +
      '4500003a1c4640004011f6a00a00020f0a000203' +
      'a5f900350026' +
      '5b30' +
      '1f2b01000001000000000000' +
      '076578616d706c6503636f6d0000010001',
    'hex',
  ),
)

describe('parsePacket', () => {
  test('a DNS query', () => {
    const parsed = parsePacket(DNS_QUERY)
    expect(parsed.stop).toBeUndefined()
    expect(parsed.layers.map(({ name }) => name)).toEqual(['ethernet', 'ipv4', 'udp'])
    expect(parsed.find('ethernet')).toMatchObject({
      dst: '52:54:00:12:35:02',
      src: '52:54:00:12:34:56',
      etherType: 0x800,
    })
    expect(parsed.find('ipv4')).toMatchObject({
      ihl: 5,
      totalLength: 58,
      identification: 0x1c46,
      dontFragment: true,
      moreFragments: false,
      ttl: 64,
      protocol: 17,
      src: '10.0.2.15',
      dst: '10.0.2.3',
      offsetBytes: 14,
      lengthBytes: 20,
    })
    expect(parsed.find('udp')).toMatchObject({ srcPort: 42_489, dstPort: 53, length: 38, offsetBytes: 34 })
    expect(parsed.payload.length).toBe(29)
  })

  test('link-layer padding is not payload', () => {
    const parsed = parsePacket(padFrame(packet(ethernet(), ipv4(v4), udp({}), 'abc')))
    expect(new TextDecoder().decode(parsed.payload)).toBe('abc')
  })

  test('all layers of a tunnel in two VLANs, with options', () => {
    const frame = packet(
      ethernet(),
      vlan({ id: 1, tagProtocol: 0x88a8 }),
      vlan({ id: 2 }),
      ipv6(v6),
      hopByHop(),
      ipv4(v4),
      tcp({ flags: TCP_FLAG.ACK, options: [tcpOption.maximumSegmentSize(1400)] }),
      'data',
    )
    const parsed = parsePacket(frame)
    expect(parsed.layers.map(({ name }) => name)).toEqual([
      'ethernet',
      'vlan',
      'vlan',
      'ipv6',
      'hopByHop',
      'ipv4',
      'tcp',
    ])
    expect(parsed.all('vlan').map(({ id }) => id)).toEqual([1, 2])
    expect(parsed.find('tcp')).toMatchObject({ flags: TCP_FLAG.ACK, dataOffset: 6, malformedOptions: false })
    expect(parsed.find('tcp')?.options).toEqual([{ kind: 2, data: Uint8Array.of(5, 120) }])
  })

  test('raw IP, by its version', () => {
    const names = (frame: Uint8Array): string[] => parsePacket(frame, LINKTYPE.RAW).layers.map(({ name }) => name)
    expect(names(packet(ipv4(v4), icmp()))).toEqual(['ipv4', 'icmp'])
    expect(names(packet(ipv6(v6), udp({})))).toEqual(['ipv6', 'udp'])
  })

  const ip = packet(ethernet(), ipv4(v4), tcp({}), 'x')
  const changed = (at: number, value: number): Uint8Array => ip.with(at, value)
  // biome-ignore format: table
  const stops: [what: string, frame: Uint8Array, layers: number, reason: string, offsetBytes: number][] = [
    ['nothing',                    new Uint8Array(0),                     0, 'truncated',         0],
    ['13 bytes',                   ip.subarray(0, 13),                    0, 'truncated',         0],
    ['a bare Ethernet header',     ip.subarray(0, 14),                    1, 'truncated',        14],
    ['IPv4 cut',                   ip.subarray(0, 33),                    1, 'truncated',        14],
    ['TCP cut',                    ip.subarray(0, 53),                    2, 'truncated',        34],
    ['TCP behind the total length', changed(17, 39),                      2, 'truncated',        34],
    ['version 5',                  changed(14, 0x55),                     1, 'malformed',        14],
    ['IHL 4',                      changed(14, 0x44),                     1, 'malformed',        14],
    ['IHL past the frame',         changed(14, 0x4f),                     1, 'malformed',        16],
    ['total length 19',            changed(17, 19),                       1, 'malformed',        16],
    ['TCP data offset 4',          changed(46, 0x40),                     2, 'malformed',        34],
    ['UDP length 7',               packet(ethernet(), ipv4(v4), udp({ length: 7 })), 2, 'malformed', 38],
    ['unknown EtherType',          changed(12, 0x99),                     1, 'unknown-protocol', 14],
    ['unknown protocol',           changed(23, 99),                       2, 'unknown-protocol', 34],
    ['IEEE 802.3 with LLC',        changed(12, 0),                        1, 'unknown-protocol', 14],
    ['a VLAN tag cut',             packet(ethernet(), vlan({ id: 1 })).subarray(0, 17), 1, 'truncated', 14],
    ['IPv6 of version 4',          packet(ethernet(), ipv6({ ...v6, version: 4 })), 1, 'malformed',     14],
    ['an extension header cut',    packet(ethernet(), ipv6(v6), hopByHop()).subarray(0, 55), 2, 'truncated', 54],
    ['ARP of another medium',      packet(ethernet({ etherType: 0x806 }), new Uint8Array(28)), 1, 'unknown-protocol', 14],
    ['a tower of VLAN tags',       packet(ethernet(), ...Array.from({ length: 40 }, () => vlan({ id: 1 }))), 32, 'too-many-headers', 14 + 31 * 4],
    ['a second fragment',          fragmentIpv4(packet(ethernet(), ipv4(v4), udp({}), new Uint8Array(99)), 60)[1]!, 2, 'fragment', 34],
    ['a second fragment, IPv6',    fragmentIpv6(packet(ethernet(), ipv6(v6), udp({}), new Uint8Array(99)), 100, 1)[1]!, 3, 'fragment', 62],
  ]
  test.each(stops)('stops at %s', (_what, frame, layers, reason, offsetBytes) => {
    const parsed = parsePacket(frame)
    expect(parsed.stop).toMatchObject({ reason, offsetBytes })
    expect(parsed.layers.length).toBe(layers)
  })

  test('an unknown link type gives no layers', () => {
    expect(parsePacket(ip, 147)).toMatchObject({
      layers: [],
      stop: { reason: 'unknown-protocol', message: 'no parser for linkType 147' },
    })
  })

  test('options that lie about their length are marked, and the packet goes on', () => {
    const frame = packet(ethernet(), ipv4(v4), tcp({ options: [{ kind: 8, data: new Uint8Array(2) }] }), 'x')
    frame[55] = 200
    const parsed = parsePacket(frame)
    expect(parsed.find('tcp')).toMatchObject({ malformedOptions: true, options: [] })
    expect(parsed.payload.length).toBe(1)
  })

  test('never throws, whatever the bytes', () => {
    const base = packet(ethernet(), vlan({ id: 1 }), ipv6(v6), hopByHop(), udp({}), new Uint8Array(40))
    const noise = fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 12 })
    fc.assert(
      fc.property(noise, fc.nat(base.length), (flips, length) => {
        const frame = Uint8Array.from(base.subarray(0, length))
        for (const [at, value] of flips) if (at < length) frame[at] = value
        const parsed = parsePacket(frame)
        const end = parsed.payloadOffsetBytes + parsed.payload.length
        expect(end).toBeLessThanOrEqual(frame.length)
        verifyChecksums(frame)
      }),
      { numRuns: 1000 },
    )
  })

  test('what was built is what is read', () => {
    const port = fc.nat(65_535)
    const u32 = fc.nat(0xffffffff)
    fc.assert(
      fc.property(port, port, u32, u32, fc.nat(255), port, fc.uint8Array({ maxLength: 40 }), (...drawn) => {
        const [srcPort, dstPort, sequence, acknowledgment, flags, window, payload] = drawn
        const fields = { srcPort, dstPort, sequence, acknowledgment, flags, window }
        const parsed = parsePacket(packet(ethernet(), ipv6(v6), tcp(fields), payload))
        expect(parsed.find('tcp')).toMatchObject(fields)
        expect(parsed.find('ipv6')).toMatchObject(v6)
        expect(parsed.payload).toEqual(payload)
      }),
      { numRuns: 200 },
    )
  })

  test('reads packets of a capture with their link type', () => {
    const file = new Uint8Array(24 + 16 + ip.length)
    new DataView(file.buffer).setUint32(0, 0xa1b2c3d4)
    file.set([0, 2, 0, 4], 4)
    file[23] = 1
    file[24 + 11] = ip.length
    file[24 + 15] = ip.length
    file.set(ip, 40)
    const [captured] = [...readCapture(file)]
    expect(parsePacket(captured!.data, captured!.linkType).find('tcp')).toMatchObject({ dstPort: 80 })
  })
})

describe('verifyChecksums', () => {
  test('fragments and cut frames can not be judged', () => {
    const whole = packet(ethernet(), ipv4(v4), udp({}), new Uint8Array(99))
    expect(verifyChecksums(fragmentIpv4(whole, 60)[0]!).map(({ verdict }) => verdict)).toEqual(['correct', 'partial'])
    expect(verifyChecksums(whole.subarray(0, 60)).map(({ verdict }) => verdict)).toEqual(['correct', 'partial'])
  })

  test('UDP over IPv4 may have none', () => {
    const frame = packet(ethernet(), ipv4(v4), udp({ checksum: 0 }))
    expect(verifyChecksums(frame)[1]).toEqual({ layer: 'udp', offsetBytes: 34, verdict: 'none' })
  })
})
