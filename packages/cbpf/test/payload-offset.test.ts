import { describe, expect, test } from 'vitest'
import {
  destinationOptions,
  ethernet,
  hopByHop,
  icmp,
  ipv4,
  ipv4Option,
  ipv6,
  ipv6Fragment,
  type PacketPart,
  packet,
  routing,
  tcp,
  tcpOption,
  udp,
  vlan,
} from '../../packet/src/index.ts'
import { BPF_STMT, ClassicMachine, frameBuffer, type SocketBuffer } from '../src/index.ts'

const machine = new ClassicMachine([BPF_STMT(0x20, -0x1000 + 52), BPF_STMT(0x16, 0)])
const payloadOffset = (buffer: SocketBuffer): number => machine.run(buffer).result

const IPV4 = { src: '10.0.0.1', dst: '10.0.0.2' }
const IPV6 = { src: '2001:db8::1', dst: '2001:db8::2' }
const PAYLOAD = 'the payload'
const ip = ipv4(IPV4)
const ip6 = ipv6(IPV6)
const greOver = (protocol: number, ...words: readonly number[]): Uint8Array =>
  Uint8Array.of(...words, protocol >> 8, protocol & 0xff)
const IPV6_PROTOCOL = 0x86dd
const IPV4_PROTOCOL = 0x0800

/** Frames whose payload the packet builder puts last. */
const frames: readonly (readonly [what: string, parts: readonly PacketPart[]])[] = [
  ['UDP', [ethernet(), ip, udp({})]],
  ['TCP', [ethernet(), ip, tcp({})]],
  ['TCP with options', [ethernet(), ip, tcp({ options: [tcpOption.maximumSegmentSize(1460)] })]],
  ['IPv4 with options', [ethernet(), ipv4({ ...IPV4, options: [ipv4Option.routerAlert()] }), udp({})]],
  ['ICMP', [ethernet(), ip, icmp({})]],
  ['IPv6', [ethernet(), ip6, udp({})]],
  [
    'IPv6 with extension headers',
    [ethernet(), ip6, hopByHop(), routing({ routingType: 0, segments: [IPV6.dst] }), destinationOptions(), tcp({})],
  ],
  ['IPv4 in IPv4', [ethernet(), ip, ip, udp({})]],
  ['IPv6 in IPv4', [ethernet(), ip, ip6, udp({})]],
  ['GRE', [ethernet(), ipv4({ ...IPV4, protocol: 47 }), greOver(IPV4_PROTOCOL, 0, 0), ip, udp({})]],
  [
    'GRE with checksum, key and sequence',
    [ethernet(), ipv4({ ...IPV4, protocol: 47 }), greOver(IPV6_PROTOCOL, 0xb0, 0), new Uint8Array(12), ip6, udp({})],
  ],
  ['GRE with Ethernet', [ethernet(), ipv4({ ...IPV4, protocol: 47 }), greOver(0x6558, 0, 0), ethernet(), ip, udp({})]],
  ['VLAN tags', [ethernet(), vlan({ id: 1 }), vlan({ id: 2 }), ip, udp({})]],
  ['PPPoE', [ethernet({ etherType: 0x8864 }), Uint8Array.of(0x11, 0, 0, 1, 0, 30, 0, 0x21), ip, udp({})]],
  ['HSR', [ethernet({ etherType: 0x892f }), Uint8Array.of(0, 0, 0, 1, 8, 0), ip, udp({})]],
]

describe('the payload of', () => {
  test.each(frames)('%s is behind its transport header', (_, parts) => {
    const frame = packet(...parts, PAYLOAD)
    expect(payloadOffset(frameBuffer(frame))).toBe(frame.length - PAYLOAD.length)
  })

  const fragments: readonly (readonly [what: string, parts: readonly PacketPart[], offset: number])[] = [
    ['a first fragment', [ethernet(), ipv4({ ...IPV4, protocol: 17, moreFragments: true }), udp({})], 14 + 20 + 8],
    [
      'a first fragment of a tunnel, which is not looked into',
      [ethernet(), ipv4({ ...IPV4, protocol: 4, moreFragments: true }), ip, udp({})],
      14 + 20,
    ],
    ['a later fragment', [ethernet(), ipv4({ ...IPV4, protocol: 17, fragmentOffset: 1 })], 14 + 20],
    ['a later IPv6 fragment', [ethernet(), ip6, ipv6Fragment({ nextHeader: 17, fragmentOffset: 8 })], 14 + 40 + 8],
    ['an unknown protocol', [ethernet(), ipv4({ ...IPV4, protocol: 253 })], 14 + 20],
    ['ARP, which has none', [ethernet({ etherType: 0x0806 })], 14],
    ['MPLS, which is not looked into', [ethernet({ etherType: 0x8847 }), Uint8Array.of(0, 1, 1, 64)], 14 + 4],
    ['an unknown EtherType', [ethernet({ etherType: 0x88b5 })], 0],
    ['a bad header length', [ethernet({ etherType: 0x0800 }), Uint8Array.of(0x44), new Uint8Array(30)], 0],
    ['a header that is cut off', [ethernet({ etherType: 0x86dd }), Uint8Array.of(0x60)], 0],
  ]
  test.each(fragments)('%s', (_, parts, offset) => {
    expect(payloadOffset(frameBuffer(packet(...parts, PAYLOAD)))).toBe(offset)
  })

  test('a frame whose tag the card took out, and one that lies in fragments', () => {
    const frame = packet(ethernet(), ip, udp({}), PAYLOAD)
    expect(payloadOffset(frameBuffer(frame, { vlanTag: 7, vlanProtocol: 0x8100 }))).toBe(42)
    const split = frameBuffer(frame.slice(0, 20), {
      fragments: [frame.slice(20, 31), frame.slice(31)],
      protocol: 0x0800,
    })
    expect(payloadOffset(split)).toBe(42)
  })
})
