import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  formatIp,
  PacketError,
  PacketGenerator,
  PcapWriter,
  PKTGEN_KEYS,
  type PktgenRecord,
  parseIpv4,
  parsePacket,
  parsePktgen,
  timestampFromNs,
  verifyChecksums,
  writeCapture,
} from '../src/index.ts'
import { hasTcpdump, tcpdump } from './tcpdump.ts'

function frames(spec: string | PktgenRecord, count = Number.POSITIVE_INFINITY): Uint8Array[] {
  const generator = new PacketGenerator(spec)
  const buffer = new Uint8Array(generator.maxFrameLengthBytes)
  const made: Uint8Array[] = []
  for (let length = generator.next(buffer, 0); length > 0; length = generator.next(buffer, 0)) {
    made.push(buffer.slice(0, length))
    if (made.length === count) break
  }
  return made
}

const sourceOf = (frame: Uint8Array): string => {
  const parsed = parsePacket(frame)
  return (parsed.find('ipv4') ?? parsed.find('ipv6'))!.src
}

const BLACKLIST = 'pktgen:count=2000,size=64,src=10.0.0.0/8,dst=192.168.0.1,proto=udp,dport=9,allowed=10%'

// biome-ignore format: table
const SPECS: [spec: string, says: RegExp][] = [
  [BLACKLIST,                                                              / IP .* > 192\.168\.0\.1\.9: \[udp sum ok\] UDP, length 22$/],
  ['src=10.0.0.0/8,size=60-1514,proto=udp,sport=7,dport=1000-2000',        /\.7 > 192\.168\.0\.1\.1\d\d\d: \[udp sum ok\]|\.7 > 192\.168\.0\.1\.2000: \[udp sum ok\]/],
  ['src=0.0.0.0/0,dst=0.0.0.0/0,proto=tcp,flags=SYN+ACK,tos=16,ttl=7',     /Flags \[S\.\], cksum 0x[0-9a-f]+ \(correct\)/],
  ['proto=icmp,src=10.0.0.1-10.0.0.9',                                     /10\.0\.0\.[1-9] > 192\.168\.0\.1: ICMP echo request/],
  ['src=2001:db8::/64,proto=udp',                                          /2001:db8::[0-9a-f:]+\.\d+ > 2001:db8::1\.9: \[udp sum ok\]/],
  ['src=2001:db8::/1,dst=::/0,proto=tcp',                                  /cksum 0x[0-9a-f]+ \(correct\)/],
  ['src=2001:db8::7,proto=icmp',                                           /\[icmp6 sum ok\] ICMP6, echo request/],
  ['vlan=42,src=10.0.0.0/24,smac=02:00:00:00:00:aa',                       /02:00:00:00:00:aa > 02:00:00:00:00:02.* vlan 42, .*\[udp sum ok\]/],
  ['src=10.0.0.0/8,flows=5,proto=tcp;proto=udp;proto=icmp',                /\(correct\)|sum ok|ICMP echo/],
]

describe('generated frames', () => {
  test.for(SPECS)('%s: tcpdump finds them and their checksums right', ([spec, says], ctx) => {
    const made = frames(spec, 60)
    for (const frame of made) {
      for (const { verdict } of verifyChecksums(frame)) expect(verdict).toBe('correct')
      expect(parsePacket(frame).stop).toBeUndefined()
    }
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    const capture = writeCapture(
      new PcapWriter(),
      made.map((data) => ({ data })),
    )
    const { lines, complaints } = tcpdump(capture, ['-vv', '-e'])
    expect(complaints).toBe('')
    // tcpdump breaks the line of a packet before its indented continuation.
    const packets = lines.join('\n').replaceAll(/\n +/g, ' ').split('\n')
    expect(packets.length).toBe(60)
    for (const line of packets) {
      expect(line.replace(/\(tos .*?\)\s+(?=[0-9])/, 'IP ')).toMatch(says)
      expect(line).not.toMatch(/bad |incorrect|invalid|truncated/)
    }
  })

  test('the UDP checksum is never 0, and is right where the sum comes to 0', () => {
    // Few things vary here, so that 200,000 packets meet every sum.
    const generator = new PacketGenerator('src=10.0.0.1,sport=0-65535')
    const buffer = new Uint8Array(60)
    const rare: Uint8Array[] = []
    for (let i = 0; i < 200_000; i++) {
      generator.next(buffer, 0)
      const checksum = (buffer[40]! << 8) | buffer[41]!
      if (checksum === 0 || checksum === 0xffff) rare.push(buffer.slice())
    }
    expect(rare.length).toBeGreaterThan(0)
    for (const frame of rare) {
      expect([...frame.subarray(40, 42)]).toEqual([0xff, 0xff])
      expect(verifyChecksums(frame).map(({ verdict }) => verdict)).toEqual(['correct', 'correct'])
    }
  })
})

describe('PacketGenerator', () => {
  test('the blacklist traffic: 90 % out of 10.0.0.0/8, spread evenly, 10 % allowed', () => {
    const sources = frames(BLACKLIST).map((frame) => parseIpv4(sourceOf(frame)))
    expect(sources.length).toBe(2000)
    const blocked = sources.filter((address) => address >>> 24 === 10)
    const allowed = sources.filter((address) => address >>> 20 === parseIpv4('172.16.0.0') >>> 20)
    expect(blocked.length + allowed.length).toBe(2000)
    // Binomial with p = 0.1: 200, standard deviation 13.4.
    expect(Math.abs(allowed.length - 200)).toBeLessThan(54)
    const octets = new Set(blocked.map((address) => (address >>> 16) & 255))
    expect(octets.size).toBeGreaterThan(250)
    expect(new Set(blocked).size).toBeGreaterThan(blocked.length - 5)
  })

  test('the same seed gives the same bytes, another seed others', () => {
    expect(frames(BLACKLIST, 50)).toEqual(frames(BLACKLIST, 50))
    expect(frames(`${BLACKLIST},seed=2`, 50)).not.toEqual(frames(`${BLACKLIST},seed=1`, 50))
    expect(frames(`${BLACKLIST},seed=1`, 50)).toEqual(frames(BLACKLIST, 50))
  })

  test('any packet can be made without those before it', () => {
    const all = frames(BLACKLIST, 200)
    const generator = new PacketGenerator(BLACKLIST)
    const buffer = new Uint8Array(64)
    fc.assert(
      fc.property(fc.nat(199), (position) => {
        generator.seek(position)
        expect(generator.position).toBe(position)
        generator.next(buffer, 0)
        expect(buffer).toEqual(all[position])
      }),
    )
  })

  test('ends after count packets, and writes nothing then', () => {
    const generator = new PacketGenerator('count=2')
    const buffer = new Uint8Array(60)
    expect([generator.next(buffer, 0), generator.next(buffer, 0)]).toEqual([60, 60])
    buffer.fill(7)
    expect(generator.next(buffer, 0)).toBe(0)
    expect(buffer.every((byte) => byte === 7)).toBe(true)
    expect(new PacketGenerator('').count).toBe(Number.POSITIVE_INFINITY)
  })

  test('writes at an offset of shared memory, and nowhere else', () => {
    const memory = new Uint8Array(new SharedArrayBuffer(256)).fill(0xee)
    const generator = new PacketGenerator('size=60-100,src=10.0.0.0/8,proto=tcp')
    for (let i = 0; i < 50; i++) {
      memory.fill(0xee)
      const length = generator.next(memory, 100)
      expect(memory.subarray(0, 100).every((byte) => byte === 0xee)).toBe(true)
      expect(memory.subarray(100 + length).every((byte) => byte === 0xee)).toBe(true)
      expect(verifyChecksums(memory.slice(100, 100 + length)).map(({ verdict }) => verdict)).toEqual([
        'correct',
        'correct',
      ])
    }
  })

  test('sizes cover their range', () => {
    const lengths = new Set(frames('size=60-70', 500).map(({ length }) => length))
    expect([...lengths].sort((a, b) => a - b)).toEqual([60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70])
  })

  test('flows bounds the number of distinct 5-tuples', () => {
    const tuples = frames('src=10.0.0.0/8,dst=20.0.0.0/8,dport=1-65535,flows=16', 1000).map((frame) => {
      const parsed = parsePacket(frame)
      const { srcPort, dstPort } = parsed.find('udp')!
      return `${sourceOf(frame)} ${parsed.find('ipv4')!.dst} ${srcPort} ${dstPort}`
    })
    expect(new Set(tuples).size).toBe(16)
  })

  test('sequential sources follow each other and begin again', () => {
    expect(frames('src=10.0.0.254-10.0.1.1,srcorder=sequential', 5).map(sourceOf)).toEqual([
      '10.0.0.254',
      '10.0.0.255',
      '10.0.1.0',
      '10.0.1.1',
      '10.0.0.254',
    ])
    expect(frames('src=2001:db8::/64,srcorder=sequential', 2).map(sourceOf)).toEqual(['2001:db8::', '2001:db8::1'])
  })

  test('streams share the traffic by weight', () => {
    const generator = new PacketGenerator('count=4000,weight=3,proto=tcp;proto=udp,weight=1')
    const counts = [0, 0]
    const buffer = new Uint8Array(60)
    while (generator.next(buffer, 0) > 0) {
      counts[generator.streamIndex]!++
      expect(buffer[23]).toBe(generator.streamIndex === 0 ? 6 : 17)
    }
    // Standard deviation 27.
    expect(Math.abs(counts[0]! - 3000)).toBeLessThan(110)
  })

  test('times follow the rate, exactly also after hours', () => {
    const generator = new PacketGenerator('rate=14.88M')
    const buffer = new Uint8Array(60)
    generator.next(buffer, 0)
    expect(generator.timestampNs).toBe(0)
    generator.next(buffer, 0)
    expect(generator.timestampNs).toBe(67)
    generator.seek(14_880_000 * 3600 * 5)
    generator.next(buffer, 0)
    expect(generator.timestampNs).toBe(5 * 3600 * 1e9)
    expect(timestampFromNs(BigInt(generator.timestampNs))).toEqual({ seconds: 18_000, nanoseconds: 0 })
  })

  test('IPv6 hosts vary behind the prefix alone', () => {
    fc.assert(
      fc.property(fc.nat(128), fc.uint8Array({ minLength: 16, maxLength: 16 }), (bits, address) => {
        const [frame] = frames(`src=${formatIp(address)}/${bits}`.replace(/::ffff:[\d.]+/, '::1'), 1)
        const { src } = parsePktgen(`src=${sourceOf(frame!)}/${bits}`).streams[0]!
        expect(src).toMatchObject({ prefixBits: bits })
        if (!formatIp(address).includes('.')) {
          expect(src).toEqual(parsePktgen(`src=${formatIp(address)}/${bits}`).streams[0]!.src)
        }
      }),
    )
  })
})

describe('specifications', () => {
  test('a record says the same as text', () => {
    expect(
      parsePktgen({ count: 1000, size: 64, src: '10.0.0.0/8', allowed: '10%', streams: [{ proto: 'tcp', weight: 2 }] }),
    ).toEqual(parsePktgen('pktgen:count=1k,size=64,src=10.0.0.0/8,allowed=10%;proto=tcp,weight=2'))
    expect(new PacketGenerator(parsePktgen('count=5')).count).toBe(5)
  })

  test('every key is there for help', () => {
    expect(PKTGEN_KEYS.map(({ key }) => key)).toEqual(
      expect.arrayContaining([
        'count',
        'rate',
        'seed',
        'size',
        'src',
        'dst',
        'proto',
        'sport',
        'dport',
        'flows',
        'allowed',
      ]),
    )
  })

  test('allowed=0% and 100% leave one stream', () => {
    expect(parsePktgen('allowed=0%').streams.length).toBe(1)
    expect(parsePktgen('allowed=100%@9.0.0.0/8').streams).toEqual([
      expect.objectContaining({ weight: 1, src: { family: 4, first: 0x09000000, count: 2 ** 24 } }),
    ])
  })

  // biome-ignore format: table
  const wrong: [spec: string, code: string, message: string | RegExp][] = [
    ['cuont=5',                          'PKTGEN_KEY',     'no key cuont'],
    ['constructor=5',                    'PKTGEN_KEY',     'no key constructor'],
    ['count=1;count=5',                  'PKTGEN_KEY',     'count is for the whole traffic'],
    ['count',                            'PKTGEN_SYNTAX',  'part without a value'],
    ['=5',                               'PKTGEN_SYNTAX',  'part without a value'],
    ['count=',                           'PKTGEN_VALUE',   /^count: /],
    ['count=-1',                         'PKTGEN_VALUE',   /^count: /],
    ['count=1.5',                        'PKTGEN_VALUE',   /^count: /],
    ['count=99999999999G',               'PKTGEN_RANGE',   /^count: /],
    ['rate=0',                           'PKTGEN_RANGE',   /^rate: /],
    ['seed=4294967296',                  'PKTGEN_RANGE',   /^seed: /],
    ['weight=0',                         'PKTGEN_RANGE',   /^weight: /],
    ['size=9217',                        'PKTGEN_RANGE',   /^size: /],
    ['size=100-60',                      'PKTGEN_RANGE',   /^size: /],
    ['size=1-2-3',                       'PKTGEN_VALUE',   /^size: /],
    ['size=41',                          'PKTGEN_SIZE',    /^size: frame is shorter/],
    ['size=53,proto=tcp',                'PKTGEN_SIZE',    /^size: /],
    ['size=42,vlan=1',                   'PKTGEN_SIZE',    /^size: /],
    ['src=10.0.0.0/33',                  'ADDRESS_PREFIX', /^src: /],
    ['src=10.0.0',                       'ADDRESS_IPV4',   /^src: /],
    ['src=:::',                          'ADDRESS_IPV6',   /^src: /],
    ['src=10.0.0.9-10.0.0.1',            'PKTGEN_RANGE',   /^src: /],
    ['src=::1-::2',                      'PKTGEN_VALUE',   /^src: /],
    ['src=10.0.0.1,dst=::1',             'PKTGEN_FAMILY',  'different IP versions'],
    ['src=10.0.0.1,allowed=1%@::/0',     'PKTGEN_FAMILY',  'different IP versions'],
    ['proto=sctp',                       'PKTGEN_VALUE',   /^proto: /],
    ['dport=65536',                      'PKTGEN_RANGE',   /^dport: /],
    ['sport=http',                       'PKTGEN_VALUE',   /^sport: /],
    ['flows=0',                          'PKTGEN_RANGE',   /^flows: /],
    ['allowed=10',                       'PKTGEN_VALUE',   /^allowed: /],
    ['allowed=101%',                     'PKTGEN_RANGE',   /^allowed: /],
    ['allowed=1%@1.1.1.1@2',             'PKTGEN_VALUE',   /^allowed: /],
    ['smac=02:00',                       'ADDRESS_MAC',    /^smac: /],
    ['vlan=4096',                        'PKTGEN_RANGE',   /^vlan: /],
    ['flags=SIN',                        'PKTGEN_VALUE',   /^flags: /],
    ['srcorder=up',                      'PKTGEN_VALUE',   /^srcorder: /],
  ]
  test.each(wrong)('%s: %s', (spec, code, message) => {
    let error: unknown
    try {
      parsePktgen(spec)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(PacketError)
    expect(error).toMatchObject({ code, expected: expect.anything() })
    if (message instanceof RegExp) expect((error as PacketError).message).toMatch(message)
    else expect((error as PacketError).message).toContain(message)
  })
})
