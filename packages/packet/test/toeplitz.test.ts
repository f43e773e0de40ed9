import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  arp,
  destinationOptions,
  ethernet,
  hopByHop,
  icmp,
  ipv4,
  ipv4Option,
  ipv6,
  ipv6Fragment,
  packet,
  parseIp,
  TOEPLITZ_DEFAULT_KEY,
  TOEPLITZ_SYMMETRIC_KEY,
  Toeplitz,
  tcp,
  udp,
  vlan,
} from '../src/index.ts'

/** Microsoft, "Verifying the RSS Hash Calculation"; the same numbers are in the Intel 82599 data sheet, 7.1.2.8.3. */
// biome-ignore format: table
const VECTORS: [src: string, srcPort: number, dst: string, dstPort: number, ipOnly: number, withTcp: number][] = [
  ['66.9.149.187',                         2794, '161.142.100.80',              1766, 0x323e8fc2, 0x51ccc178],
  ['199.92.111.2',                        14230, '65.69.140.83',                4739, 0xd718262a, 0xc626b0ea],
  ['24.19.198.95',                        12898, '12.22.207.184',              38024, 0xd2d0a5de, 0x5c2b394a],
  ['38.27.205.30',                        48228, '209.142.163.6',               2217, 0x82989176, 0xafc7327f],
  ['153.39.163.191',                      44251, '202.188.127.2',               1303, 0x5d1809c5, 0x10e828a2],
  ['3ffe:2501:200:1fff::7',                2794, '3ffe:2501:200:3::1',          1766, 0x2cc18cd5, 0x40207d3d],
  ['3ffe:501:8::260:97ff:fe40:efab',      14230, 'ff02::1',                     4739, 0x0f0c461c, 0xdde51bbf],
  ['3ffe:1900:4545:3:200:f8ff:fe21:67cf', 44251, 'fe80::200:f8ff:fe21:67cf',   38024, 0x4b61e985, 0x02d1feef],
]

const port = (value: number): number[] => [value >> 8, value & 255]

/** The definition, bit by bit: an own path to the same number. */
function bitwise(key: Uint8Array, input: Uint8Array): number {
  const keyBits = BigInt(`0x${Buffer.from(key).toString('hex')}`)
  const keyLength = BigInt(key.length * 8)
  let hash = 0n
  for (let bit = 0; bit < input.length * 8; bit++) {
    if (input[bit >> 3]! & (0x80 >> (bit & 7))) hash ^= (keyBits >> (keyLength - 32n - BigInt(bit))) & 0xffffffffn
  }
  return Number(hash)
}

describe('Toeplitz', () => {
  test.each(VECTORS)('%s:%i -> %s:%i', (src, srcPort, dst, dstPort, ipOnly, withTcp) => {
    const toeplitz = new Toeplitz()
    const addresses = Uint8Array.of(...parseIp(src), ...parseIp(dst))
    expect(toeplitz.hash(addresses, 0, addresses.length)).toBe(ipOnly)
    const tuple = Uint8Array.of(0xff, ...addresses, ...port(srcPort), ...port(dstPort))
    expect(toeplitz.hash(tuple, 1, tuple.length - 1)).toBe(withTcp)
  })

  test('is the bitwise definition, for any key and input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 40, maxLength: 52 }), fc.uint8Array({ maxLength: 36 }), (key, input) => {
        expect(new Toeplitz({ key }).hash(input, 0, input.length)).toBe(bitwise(key, input))
      }),
      { numRuns: 50 },
    )
  })

  test('both directions of a flow have one hash under the symmetric key', () => {
    const toeplitz = new Toeplitz({ key: TOEPLITZ_SYMMETRIC_KEY })
    for (const [src, srcPort, dst, dstPort] of VECTORS) {
      const there = Uint8Array.of(...parseIp(src), ...parseIp(dst), ...port(srcPort), ...port(dstPort))
      const back = Uint8Array.of(...parseIp(dst), ...parseIp(src), ...port(dstPort), ...port(srcPort))
      expect(toeplitz.hash(there, 0, there.length)).toBe(toeplitz.hash(back, 0, back.length))
    }
  })

  test('refuses a short key and an input past the key', () => {
    expect(() => new Toeplitz({ key: new Uint8Array(39) })).toThrow(expect.objectContaining({ code: 'TOEPLITZ_KEY' }))
    expect(() => new Toeplitz().hash(new Uint8Array(37), 0, 37)).toThrow(
      expect.objectContaining({ code: 'TOEPLITZ_INPUT' }),
    )
  })

  test('keeps its own copy of the key', () => {
    const key = Uint8Array.from(TOEPLITZ_DEFAULT_KEY)
    const toeplitz = new Toeplitz({ key })
    key.fill(0)
    expect(toeplitz.key).toEqual(TOEPLITZ_DEFAULT_KEY)
  })
})

describe('RSS hash of frames', () => {
  const toeplitz = new Toeplitz()
  const withUdp = new Toeplitz({ udpPorts: true })
  const hashOf = (frame: Uint8Array, by: Toeplitz = toeplitz): number => {
    // In the middle of shared memory, with bytes around that must not matter.
    const memory = new Uint8Array(new SharedArrayBuffer(frame.length + 64)).fill(0xff)
    memory.set(frame, 32)
    return by.rssHash(memory, 32, frame.length)
  }

  test.each(VECTORS)('%s:%i -> %s:%i', (src, srcPort, dst, dstPort, ipOnly, withTcp) => {
    const ip = src.includes(':') ? ipv6({ src, dst }) : ipv4({ src, dst })
    const ports = { srcPort, dstPort }
    expect(hashOf(packet(ethernet(), ip, tcp(ports)))).toBe(withTcp)
    expect(hashOf(packet(ethernet(), vlan({ id: 1 }), ip, tcp(ports)))).toBe(withTcp)
    expect(hashOf(packet(ethernet(), vlan({ id: 1, tagProtocol: 0x88a8 }), vlan({ id: 2 }), ip, tcp(ports)))).toBe(
      withTcp,
    )
    expect(hashOf(packet(ethernet(), ip, udp(ports)))).toBe(ipOnly)
    expect(hashOf(packet(ethernet(), ip, udp(ports)), withUdp)).toBe(withTcp)
    expect(hashOf(packet(ethernet(), ip, icmp()))).toBe(ipOnly)
  })

  const v4 = { src: '66.9.149.187', dst: '161.142.100.80' }
  const v6 = { src: '3ffe:2501:200:1fff::7', dst: '3ffe:2501:200:3::1' }
  const ports = { srcPort: 2794, dstPort: 1766 }
  // biome-ignore format: table
  const frames: [what: string, frame: Uint8Array, hash: number][] = [
    ['options before the ports',            packet(ethernet(), ipv4({ ...v4, options: [ipv4Option.recordRoute(3)] }), tcp(ports)), 0x51ccc178],
    ['a first fragment',                    packet(ethernet(), ipv4({ ...v4, moreFragments: true }), tcp(ports)),                  0x323e8fc2],
    ['a later fragment',                    packet(ethernet(), ipv4({ ...v4, fragmentOffset: 100 }), tcp(ports)),                  0x323e8fc2],
    ['ports cut off',                       packet(ethernet(), ipv4(v4), tcp(ports)).subarray(0, 37),                              0x323e8fc2],
    ['just the ports',                      packet(ethernet(), ipv4(v4), tcp(ports)).subarray(0, 38),                              0x51ccc178],
    ['an IPv4 header cut',                  packet(ethernet(), ipv4(v4), tcp(ports)).subarray(0, 33),                              0],
    ['an impossible IHL',                   packet(ethernet(), ipv4({ ...v4, ihl: 4 }), tcp(ports)),                               0x323e8fc2],
    ['extension headers before the ports',  packet(ethernet(), ipv6(v6), hopByHop(), destinationOptions(), tcp(ports)),            0x40207d3d],
    ['an IPv6 fragment',                    packet(ethernet(), ipv6(v6), ipv6Fragment({}), tcp(ports)),                            0x2cc18cd5],
    ['an extension header past the frame',  packet(ethernet(), ipv6(v6), hopByHop(), tcp(ports)).with(55, 255),                    0x2cc18cd5],
    ['ARP',                                 packet(ethernet(), arp({ senderIp: v4.src, targetIp: v4.dst })),                       0],
    ['a frame of 13 bytes',                 new Uint8Array(13),                                                                    0],
    ['no bytes',                            new Uint8Array(0),                                                                     0],
    ['a tower of VLAN tags, cut',           packet(ethernet(), ...Array.from({ length: 9 }, () => vlan({ id: 1, etherType: 0x8100 }))), 0],
  ]
  test.each(frames)('%s', (_what, frame, hash) => {
    expect(hashOf(frame)).toBe(hash)
  })

  test('no byte outside of the frame is read', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 14, maxLength: 80 }),
        fc.constantFrom(0x0800, 0x86dd, 0x8100),
        (frame, type) => {
          frame.set([type >> 8, type & 255], 12)
          if (frame.length > 14) frame[14] = type === 0x0800 ? 0x40 | (frame[14]! & 15) : 0x60
          const alone = toeplitz.rssHash(frame, 0, frame.length)
          expect(hashOf(frame)).toBe(alone)
        },
      ),
    )
  })
})
