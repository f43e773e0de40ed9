import { describe, expect, test } from 'vitest'
import {
  ARP_OPERATION,
  arp,
  destinationOptions,
  ethernet,
  fragmentIpv4,
  fragmentIpv6,
  hopByHop,
  ICMPV6_TYPE,
  icmp,
  icmpv6,
  ipv4,
  ipv4Option,
  ipv6,
  ipv6Fragment,
  ipv6Option,
  PcapWriter,
  packet,
  padFrame,
  parseIpv6,
  routing,
  TCP_FLAG,
  tcp,
  tcpOption,
  udp,
  verifyChecksums,
  vlan,
  writeCapture,
} from '../src/index.ts'
import { hasTcpdump, tcpdump } from './tcpdump.ts'

const v4 = { src: '10.0.0.1', dst: '192.168.0.1' }
const v6 = { src: '2001:db8::1', dst: '2001:db8::2' }

const SACK_OPTIONS = [
  tcpOption.maximumSegmentSize(1460),
  tcpOption.sackPermitted(),
  tcpOption.timestamps(1, 2),
  tcpOption.noOperation(),
  tcpOption.windowScale(7),
]

/** Each frame with what tcpdump -vv must say of it. `cksum` verdicts are tcpdump's own computation. */
// biome-ignore format: table
const FRAMES: [what: string, frame: Uint8Array, says: (string | RegExp)[]][] = [
  ['tcp', packet(ethernet(), ipv4({ ...v4, tos: 0x10, identification: 7, dontFragment: true }), tcp({ srcPort: 1234, dstPort: 80, sequence: 1 }), 'hello'),
    ['tos 0x10', 'ttl 64', 'id 7', 'flags [DF]', 'proto TCP (6), length 45', '10.0.0.1.1234 > 192.168.0.1.80', 'Flags [S]', /cksum 0x[0-9a-f]{4} \(correct\)/, 'seq 1:6']],
  ['tcp options', packet(ethernet(), ipv4(v4), tcp({ options: SACK_OPTIONS })),
    ['(correct)', 'options [mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7]']],
  ['tcp sack', packet(ethernet(), ipv4(v4), tcp({ flags: TCP_FLAG.ACK, acknowledgment: 5, options: [tcpOption.noOperation(), tcpOption.noOperation(), tcpOption.sack([10, 20], [30, 40])] })),
    ['(correct)', 'sack 2 {10:20}{30:40}', 'ack 5']],
  ['tcp flags', packet(ethernet(), ipv4(v4), tcp({ flags: TCP_FLAG.FIN | TCP_FLAG.PSH | TCP_FLAG.URG | TCP_FLAG.ECE | TCP_FLAG.CWR, urgentPointer: 1, window: 17 })),
    ['Flags [FPUEW]', 'win 17', 'urg 1', '(correct)']],
  ['udp', packet(ethernet(), ipv4(v4), udp({ srcPort: 5000, dstPort: 6000 }), 'odd'),
    ['10.0.0.1.5000 > 192.168.0.1.6000: [udp sum ok] UDP, length 3']],
  ['udp without checksum', packet(ethernet(), ipv4(v4), udp({ dstPort: 6000, checksum: 0 }), 'odd'),
    ['[no cksum] UDP, length 3']],
  ['udp whose sum is 0', packet(ethernet(), ipv4(v4), udp({ srcPort: 0, dstPort: 0 }), Uint8Array.of(0x2b, 0x33)),
    ['[udp sum ok] UDP, length 2']],
  ['icmp', packet(ethernet(), ipv4(v4), icmp({ identifier: 3, sequence: 4 }), 'abcdefgh'),
    ['ICMP echo request, id 3, seq 4, length 16']],
  ['ip options', packet(ethernet(), ipv4({ ...v4, options: [ipv4Option.noOperation(), ipv4Option.recordRoute(2), ipv4Option.routerAlert()] }), udp({ dstPort: 6000 })),
    ['options (NOP,RR 0.0.0.0', 'RA', '[udp sum ok]']],
  ['vlan', packet(ethernet(), vlan({ id: 100, priority: 5, dropEligible: true }), ipv4(v4), udp({ dstPort: 6000 })),
    ['vlan 100, p 5, DEI', '[udp sum ok]']],
  ['qinq', packet(ethernet(), vlan({ id: 7, tagProtocol: 0x88a8 }), vlan({ id: 8 }), ipv6(v6), udp({ dstPort: 6000 })),
    ['802.1Q-QinQ', 'vlan 7', 'vlan 8', '[udp sum ok]']],
  ['arp request', packet(ethernet({ dst: 'ff:ff:ff:ff:ff:ff' }), arp({ senderIp: '10.0.0.1', targetIp: '10.0.0.2' })),
    ['ARP', 'Request who-has 10.0.0.2', 'tell 10.0.0.1']],
  ['arp reply', packet(ethernet(), arp({ operation: ARP_OPERATION.REPLY, senderIp: '10.0.0.2', targetIp: '10.0.0.1', senderMac: '02:00:00:00:00:99' })),
    ['Reply 10.0.0.2 is-at 02:00:00:00:00:99']],
  ['ipv6 tcp', packet(ethernet(), ipv6({ ...v6, trafficClass: 0x20, flowLabel: 0xabcde, hopLimit: 9 }), tcp({}), 'odd'),
    ['class 0x20', 'flowlabel 0xabcde', 'hlim 9', '2001:db8::1.1024 > 2001:db8::2.80', '(correct)']],
  ['ipv6 udp', packet(ethernet(), ipv6(v6), udp({ dstPort: 6000 }), 'odd'),
    ['[udp sum ok] UDP, length 3']],
  ['icmpv6', packet(ethernet(), ipv6(v6), icmpv6({ identifier: 3, sequence: 4 }), 'abc'),
    ['[icmp6 sum ok] ICMP6, echo request, id 3, seq 4']],
  ['neighbour solicitation', packet(ethernet(), ipv6({ ...v6, hopLimit: 255 }), icmpv6({ type: ICMPV6_TYPE.NEIGHBOR_SOLICITATION }), parseIpv6('fe80::7')),
    ['[icmp6 sum ok] ICMP6, neighbor solicitation', 'who has fe80::7']],
  ['extension headers', packet(ethernet(), ipv6(v6), hopByHop([ipv6Option.routerAlert(0)]), destinationOptions([ipv6Option.padN(5)]), udp({ dstPort: 6000 }), 'x'),
    ['HBH', 'rtalert', 'DSTOPT', '[udp sum ok] UDP, length 1']],
  ['routing header, type 0', packet(ethernet(), ipv6(v6), routing({ routingType: 0, segments: ['2001:db8::77', '2001:db8::99'] }), udp({ dstPort: 6000 })),
    ['RT6 (len=4, type=0 [Deprecated], segleft=2', '[udp sum ok]']],
  ['atomic fragment', packet(ethernet(), ipv6(v6), ipv6Fragment({ identification: 0x1234 }), udp({ dstPort: 6000 })),
    ['frag (0x00001234:0|8)']],
  ['ip in ip', packet(ethernet(), ipv4({ src: '1.1.1.1', dst: '2.2.2.2' }), ipv4(v4), tcp({})),
    ['proto IPIP (4)', '1.1.1.1 > 2.2.2.2', '(correct)']],
  ['ipv6 in ipv4', packet(ethernet(), ipv4({ src: '1.1.1.1', dst: '2.2.2.2' }), ipv6(v6), tcp({})),
    ['proto IPv6 (41)', '(correct)']],
  ['ipv4 in ipv6', packet(ethernet(), ipv6(v6), ipv4(v4), udp({ dstPort: 6000 })),
    ['next-header IPIP (4)', '[udp sum ok]']],
  ['bare payload over ip', packet(ethernet(), ipv4(v4), 'x'),
    ['proto unknown (253)']],
  ['nothing behind ipv6', packet(ethernet(), ipv6(v6)),
    ['next-header unknown (59) payload length: 0']],
]

describe('packet', () => {
  test.for(FRAMES)('%s, as tcpdump -vv reads it', ([_what, frame, says], ctx) => {
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    const { lines, complaints } = tcpdump(writeCapture(new PcapWriter(), [{ data: frame }]), ['-vv', '-e', '-S'])
    const text = lines.join(' ')
    expect(complaints).toBe('')
    for (const phrase of says) expect(text).toMatch(phrase instanceof RegExp ? phrase : new RegExp(escaped(phrase)))
    expect(text).not.toMatch(/incorrect|bad |wrong|truncated|invalid/)
  })

  test('every checksum is right', () => {
    for (const [what, frame] of FRAMES) {
      const verdicts = verifyChecksums(frame).map(({ verdict }) => verdict)
      expect(
        verdicts.filter((verdict) => verdict === 'wrong'),
        what,
      ).toEqual([])
    }
  })

  test('a wrong checksum that was asked for is there, and both verdicts find it', (ctx) => {
    const frame = packet(ethernet(), ipv4({ ...v4, headerChecksum: 1 }), tcp({ checksum: 2 }))
    expect(verifyChecksums(frame)).toEqual([
      { layer: 'ipv4', offsetBytes: 14, verdict: 'wrong' },
      { layer: 'tcp', offsetBytes: 34, verdict: 'wrong' },
    ])
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    const text = tcpdump(writeCapture(new PcapWriter(), [{ data: frame }]), ['-vv']).lines.join(' ')
    expect(text).toContain('bad cksum 1 ')
    expect(text).toContain('cksum 0x0002 (incorrect')
  })

  test('fields that do not fit are refused', () => {
    // biome-ignore format: table
    const wrong: (() => unknown)[] = [
      () => packet(ethernet(), vlan({ id: 4096 }), 'x'),
      () => packet(ethernet(), ipv4({ ...v4, ttl: 256 }), 'x'),
      () => packet(ethernet(), ipv4({ ...v4, ttl: -1 }), 'x'),
      () => packet(ethernet(), ipv4({ ...v4, ttl: 1.5 }), 'x'),
      () => packet(ethernet(), ipv4(v4), udp({ srcPort: 65_536 })),
      () => packet(ethernet(), ipv4(v4), udp({}), new Uint8Array(65_536)),
      () => packet(ethernet(), ipv4(v4), tcp({ options: [{ kind: 30, data: new Uint8Array(254) }] })),
      () => packet(ethernet(), ipv4({ ...v4, options: [ipv4Option.recordRoute(10)] })),
    ]
    for (const build of wrong) expect(build).toThrow(expect.objectContaining({ code: 'PACKET_FIELD_RANGE' }))
    expect(() => packet(ethernet({ dst: 'x' }))).toThrow(expect.objectContaining({ code: 'ADDRESS_MAC' }))
    expect(() => packet(ethernet(), ipv6(v4))).toThrow(expect.objectContaining({ code: 'ADDRESS_IPV6' }))
  })

  test('layers that do not follow each other are refused, unless the number is given', () => {
    expect(() => packet(ethernet(), tcp({}))).toThrow(expect.objectContaining({ code: 'PACKET_LAYER_ORDER' }))
    expect(() => packet(ethernet(), ipv4(v4), arp({ senderIp: '0.0.0.0', targetIp: '0.0.0.0' }))).toThrow(
      "arp can't stand directly behind ipv4",
    )
    expect(packet(ethernet({ etherType: 0x1234 }), tcp({})).length).toBe(34)
  })

  test('padding', () => {
    const frame = packet(ethernet(), ipv4(v4), udp({}))
    expect(padFrame(frame).length).toBe(60)
    expect(padFrame(frame, 10)).toBe(frame)
  })
})

describe('fragments', () => {
  const payload = Uint8Array.from({ length: 3001 }, (_, i) => i * 7)

  /** Puts fragments together as RFC 791 section 3.2 says, by tcpdump's offsets. */
  const frag4 = /id 9, offset (\d+), flags \[(\+|none)\], proto UDP \(17\), length (\d+)/

  test('IPv4: tcpdump sees offsets that join, more-fragments on all but the last, right header checksums', (ctx) => {
    const options = [ipv4Option.routerAlert(), ipv4Option.recordRoute(1)]
    const whole = packet(ethernet(), vlan({ id: 5 }), ipv4({ ...v4, identification: 9, options }), udp({}), payload)
    const fragments = fragmentIpv4(whole, 1500)
    expect(fragments.length).toBe(3)
    expect(fragments.every((frame) => frame.length <= 18 + 1500)).toBe(true)
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    const { lines } = tcpdump(
      writeCapture(
        new PcapWriter(),
        fragments.map((data) => ({ data })),
      ),
      ['-vv'],
    )
    const text = lines.join('\n')
    expect(text).not.toMatch(/bad cksum/)
    const found = [...text.matchAll(new RegExp(frag4, 'g'))].map(([, offset, flags, length]) => [
      +offset!,
      flags,
      +length!,
    ])
    // The first has 12 bytes of options, the others the 4 of the router alert, which is to be copied.
    expect(found).toEqual([
      [0, '+', 1496],
      [1464, '+', 1488],
      [2928, 'none', 105],
    ])
  })

  test('IPv4: the pieces joined are the whole', () => {
    const whole = packet(ethernet(), ipv4(v4), udp({}), payload)
    const fragments = fragmentIpv4(whole, 576)
    const joined = fragments.flatMap((frame) => [...frame.subarray(34)])
    expect(Uint8Array.from(joined)).toEqual(whole.subarray(34))
    for (const frame of fragments) expect(verifyChecksums(frame)[0]?.verdict).toBe('correct')
  })

  test('IPv6: hop-by-hop headers stay in front, the rest is cut', (ctx) => {
    const whole = packet(ethernet(), ipv6(v6), hopByHop(), destinationOptions(), udp({}), payload)
    const fragments = fragmentIpv6(whole, 1280, 0xabcd)
    const joined = fragments.flatMap((frame) => [...frame.subarray(14 + 40 + 8 + 8)])
    expect(Uint8Array.from(joined)).toEqual(whole.subarray(14 + 40 + 8))
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    const text = tcpdump(
      writeCapture(
        new PcapWriter(),
        fragments.map((data) => ({ data })),
      ),
      ['-vv'],
    ).lines.join('\n')
    expect([...text.matchAll(/frag \(0x0000abcd:(\d+)\|(\d+)\)/g)].map(([, at, length]) => [+at!, +length!])).toEqual([
      [0, 1224],
      [1224, 1224],
      [2448, 569],
    ])
  })

  test('what fits is left alone; what can not be cut is refused', () => {
    const whole = packet(ethernet(), ipv4(v4), udp({}), payload)
    expect(fragmentIpv4(whole, 9000)).toEqual([whole])
    // biome-ignore format: table
    const wrong: [build: () => unknown, code: string][] = [
      [() => fragmentIpv4(packet(ethernet(), ipv4({ ...v4, dontFragment: true }), payload), 1500), 'FRAGMENT_PACKET'],
      [() => fragmentIpv4(packet(ethernet(), ipv6(v6), payload), 1500),                            'FRAGMENT_PACKET'],
      [() => fragmentIpv6(whole, 1500, 1),                                                         'FRAGMENT_PACKET'],
      [() => fragmentIpv4(whole.subarray(0, 1000), 500),                                           'FRAGMENT_PACKET'],
      [() => fragmentIpv4(whole, 27),                                                              'FRAGMENT_MTU'],
      [() => fragmentIpv6(packet(ethernet(), ipv6(v6), payload), 55, 1),                           'FRAGMENT_MTU'],
    ]
    for (const [build, code] of wrong) expect(build).toThrow(expect.objectContaining({ code }))
  })
})

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
