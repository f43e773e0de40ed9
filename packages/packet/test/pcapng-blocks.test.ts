import { describe, expect, test } from 'vitest'
import { PcapngWriter, readCapture, timestampNs, writeCapture } from '../src/index.ts'
import { hasTcpdump, tcpdump } from './tcpdump.ts'

/* Blocks written down by hand from draft-ietf-opsawg-pcapng, so that reading is not checked by our own writer alone. */

type Endian = 'little' | 'big'
const number = (value: number | bigint, bytes: number, endian: Endian): number[] => {
  const digits = Array.from({ length: bytes }, (_, i) =>
    Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 255n),
  )
  return endian === 'little' ? digits : digits.reverse()
}
const padded = (bytes: number[]): number[] => [...bytes, ...new Array<number>((4 - (bytes.length % 4)) % 4).fill(0)]
const option = (endian: Endian, code: number, value: number[]): number[] => [
  ...number(code, 2, endian),
  ...number(value.length, 2, endian),
  ...padded(value),
]
const block = (endian: Endian, type: number, body: number[]): number[] => {
  const length = number(body.length + 12, 4, endian)
  return [...number(type, 4, endian), ...length, ...body, ...length]
}
const section = (endian: Endian): number[] =>
  block(endian, 0x0a0d0d0a, [
    ...number(0x1a2b3c4d, 4, endian),
    ...number(1, 2, endian),
    ...number(0, 2, endian),
    ...number(-1, 8, endian),
  ])
const interfaceBlock = (endian: Endian, snapLength: number, options: number[] = [], linkType = 1): number[] =>
  block(endian, 1, [...number(linkType, 2, endian), 0, 0, ...number(snapLength, 4, endian), ...options])
const enhanced = (
  endian: Endian,
  interfaceId: number,
  ticks: bigint,
  data: number[],
  options: number[] = [],
): number[] =>
  block(endian, 6, [
    ...number(interfaceId, 4, endian),
    ...number(ticks >> 32n, 4, endian),
    ...number(ticks & 0xffffffffn, 4, endian),
    ...number(data.length, 4, endian),
    ...number(data.length, 4, endian),
    ...padded(data),
    ...options,
  ])

const FRAME = Array.from({ length: 61 }, (_, i) => (i === 12 ? 0x88 : i === 13 ? 0xb5 : i))

describe('pcapng blocks', () => {
  test('sections of both byte orders, each with interfaces of its own', (ctx) => {
    const file = Uint8Array.of(
      ...section('little'),
      ...interfaceBlock('little', 0),
      ...enhanced('little', 0, 1_700_000_000_000_001n, FRAME),
      ...section('big'),
      ...interfaceBlock('big', 0),
      ...enhanced('big', 0, 1_700_000_001_000_002n, FRAME),
    )
    const packets = [...readCapture(file)]
    expect(packets.map(({ interfaceId }) => interfaceId)).toEqual([0, 1])
    expect(packets.map(({ timestamp }) => timestampNs(timestamp))).toEqual([
      1_700_000_000_000_001_000n,
      1_700_000_001_000_002_000n,
    ])
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    // libpcap refuses a section in another byte order than the first, so each is judged alone.
    const cut = file.length / 2
    expect(tcpdump(file.subarray(0, cut), ['-tt']).lines[0]).toMatch(/^1700000000\.000001 /)
    expect(tcpdump(file.subarray(cut), ['-tt']).lines[0]).toMatch(/^1700000001\.000002 /)
  })

  // biome-ignore format: table
  const clocks: [what: string, resolution: number, ticks: bigint, ns: bigint][] = [
    ['10^-0',  0,        1_700_000_000n,                  1_700_000_000_000_000_000n],
    ['10^-3',  3,        1_700_000_000_123n,              1_700_000_000_123_000_000n],
    ['10^-6',  6,        1_700_000_000_123_456n,          1_700_000_000_123_456_000n],
    ['10^-9',  9,        1_700_000_000_123_456_789n,      1_700_000_000_123_456_789n],
    ['10^-12', 12,       1_700_000_123_456_789_012n,          1_700_000_123_456_789n],
    ['2^-10',  0x80|10,  1024n * 1_700_000_000n + 512n,   1_700_000_000_500_000_000n],
    ['2^-32',  0x80|32,  (1_700_000_000n << 32n) + 1n,    1_700_000_000_000_000_000n],
  ]
  test.each(clocks)('if_tsresol %s', (_what, resolution, ticks, ns) => {
    const file = Uint8Array.of(
      ...section('big'),
      ...interfaceBlock('big', 0, option('big', 9, [resolution])),
      ...enhanced('big', 0, ticks, FRAME),
    )
    expect([...readCapture(file)].map(({ timestamp }) => timestampNs(timestamp))).toEqual([ns])
    if (hasTcpdump) {
      const text = `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`
      expect(tcpdump(file, ['-tt', '--nano']).lines[0]).toMatch(new RegExp(`^${text.replace('.', '\\.')} `))
    }
  })

  test('if_tsoffset shifts by seconds', () => {
    const file = Uint8Array.of(
      ...section('little'),
      ...interfaceBlock('little', 0, option('little', 14, number(-10, 8, 'little'))),
      ...enhanced('little', 0, 5_000_001n, FRAME),
    )
    expect([...readCapture(file)][0]!.timestamp).toEqual({ seconds: -5, nanoseconds: 1000 })
  })

  test('simple packets are cut to the snap length and have no time', (ctx) => {
    const file = Uint8Array.of(
      ...section('little'),
      ...interfaceBlock('little', 30),
      ...block('little', 3, [...number(61, 4, 'little'), ...padded(FRAME.slice(0, 30))]),
    )
    expect([...readCapture(file)]).toEqual([
      expect.objectContaining({
        data: Uint8Array.from(FRAME.slice(0, 30)),
        originalLengthBytes: 61,
        timestamp: { seconds: 0, nanoseconds: 0 },
      }),
    ])
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    expect(tcpdump(file, ['-e']).lines[0]).toContain('length 61')
  })

  test('obsolete packet blocks, with 16 bits of interface and 16 of drop count', () => {
    const body = [
      ...number(0, 2, 'big'),
      ...number(7, 2, 'big'),
      ...number(0, 4, 'big'),
      ...number(1_000_000, 4, 'big'),
      ...number(61, 4, 'big'),
      ...number(90, 4, 'big'),
      ...padded(FRAME),
      ...option('big', 1, [0x68, 0x69]),
    ]
    const file = Uint8Array.of(...section('big'), ...interfaceBlock('big', 0), ...block('big', 2, body))
    expect([...readCapture(file)]).toEqual([
      expect.objectContaining({
        originalLengthBytes: 90,
        interfaceId: 0,
        comment: 'hi',
        timestamp: { seconds: 1, nanoseconds: 0 },
      }),
    ])
  })

  test('name resolution, statistics, custom and unknown blocks are skipped', () => {
    const skipped = [4, 5, 0xbad, 0x40000bad, 0x12345678].flatMap((type) => block('little', type, [1, 2, 3, 4]))
    const file = Uint8Array.of(
      ...section('little'),
      ...interfaceBlock('little', 0),
      ...skipped,
      ...enhanced('little', 0, 1n, FRAME),
    )
    expect([...readCapture(file)].length).toBe(1)
  })

  test('names, link types and comments, written and read', (ctx) => {
    const writer = new PcapngWriter({
      application: 'bpfoundry',
      comment: 'a section',
      interfaces: [{ name: 'eno1' }, { name: 'eno2', linkType: 101, precision: 'micro' }],
    })
    const ip = Uint8Array.from(Buffer.from('4500001400000000ff06a7d10a0000010a000002', 'hex'))
    const file = writeCapture(writer, [
      { data: Uint8Array.from(FRAME), comment: 'XDP_DROP' },
      { data: ip, interfaceId: 1, timestamp: { seconds: 1, nanoseconds: 999_999_999 } },
    ])
    const capture = readCapture(file)
    expect(capture.interfaces).toEqual([
      expect.objectContaining({ id: 0, name: 'eno1', linkType: 1, ticksPerSecond: 1_000_000_000n }),
      expect.objectContaining({ id: 1, name: 'eno2', linkType: 101, ticksPerSecond: 1_000_000n }),
    ])
    const [first, second] = [...capture]
    expect(first).toMatchObject({ comment: 'XDP_DROP', linkType: 1 })
    expect(second).toMatchObject({ interfaceId: 1, linkType: 101, timestamp: { seconds: 1, nanoseconds: 999_999_000 } })
    expect(() => writer.packet({ data: ip, interfaceId: 2 })).toThrow(
      expect.objectContaining({ code: 'PCAPNG_INTERFACE' }),
    )
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    const single = writeCapture(new PcapngWriter({ interfaces: [{ linkType: 101 }] }), [{ data: ip, comment: 'ok' }])
    expect(tcpdump(single, []).lines[0]).toContain('IP 10.0.0.1 > 10.0.0.2')
  })
})
