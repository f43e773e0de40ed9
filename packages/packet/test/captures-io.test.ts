import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CapturedPacket,
  type CaptureWriter,
  captureDecoder,
  PacketError,
  type PacketRecord,
  PcapngWriter,
  PcapWriter,
  parseMac,
  readCapture,
  timestampFromNs,
  timestampNs,
  writeCapture,
} from '../src/index.ts'
import { hasTcpdump, tcpdump } from './tcpdump.ts'

/** Ethernet, IPv4, UDP 10.0.0.1:53 -> 10.0.0.2:5353, five bytes of payload. */
const UDP_FRAME = Uint8Array.from(
  Buffer.from(
    '001122334455667788 99aabb08004500002100010000401166c90a0000010a000002003514e9000d00006868686868'.replaceAll(
      ' ',
      '',
    ),
    'hex',
  ),
)

// biome-ignore format: table
const WRITERS: [name: string, make: () => CaptureWriter, fractionDigits: 6 | 9][] = [
  ['pcap, little-endian, microseconds',   () => new PcapWriter(),                                          6],
  ['pcap, big-endian, microseconds',      () => new PcapWriter({ byteOrder: 'big' }),                      6],
  ['pcap, little-endian, nanoseconds',    () => new PcapWriter({ precision: 'nano' }),                     9],
  ['pcap, big-endian, nanoseconds',       () => new PcapWriter({ precision: 'nano', byteOrder: 'big' }),   9],
  ['pcapng, little-endian, nanoseconds',  () => new PcapngWriter(),                                        9],
  ['pcapng, big-endian, nanoseconds',     () => new PcapngWriter({ byteOrder: 'big' }),                    9],
  ['pcapng, little-endian, microseconds', () => new PcapngWriter({ interfaces: [{ precision: 'micro' }] }), 6],
]

const packets: PacketRecord[] = [
  { data: UDP_FRAME, timestamp: { seconds: 1_700_000_000, nanoseconds: 123_456_789 } },
  {
    data: UDP_FRAME.subarray(0, 34),
    timestamp: { seconds: 1_700_000_001, nanoseconds: 1_000 },
    originalLengthBytes: 47,
  },
]

const plain = ({ timestamp, data, originalLengthBytes }: CapturedPacket): object => ({
  ns: timestampNs(timestamp),
  data: Buffer.from(data).toString('hex'),
  originalLengthBytes,
})

describe.each(WRITERS)('%s', (_name, make, fractionDigits) => {
  const bytes = writeCapture(make(), packets)

  test('tcpdump reads what we write, with times and lengths', (ctx) => {
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    const { lines, complaints } = tcpdump(bytes, ['-tt', '-e', ...(fractionDigits === 9 ? ['--nano'] : [])])
    expect(complaints).toBe('')
    const fraction = fractionDigits === 9 ? '123456789' : '123456'
    expect(lines[0]).toMatch(
      new RegExp(
        `^1700000000\\.${fraction} .*ethertype IPv4 \\(0x0800\\), length 47: 10\\.0\\.0\\.1\\.53 > 10\\.0\\.0\\.2\\.5353`,
      ),
    )
    expect(lines[1]).toMatch(/^1700000001\.000001.*length 47: \[\|udp\]|^1700000001\.000001.*length 47: .*10\.0\.0\.1/)
  })

  test('reads back what was written, at any chunk boundary', () => {
    const unitNs = fractionDigits === 9 ? 1n : 1000n
    const expected = packets.map((packet) => ({
      ns: (timestampNs(packet.timestamp!) / unitNs) * unitNs,
      data: Buffer.from(packet.data).toString('hex'),
      originalLengthBytes: 47,
    }))
    expect([...readCapture(bytes)].map(plain)).toEqual(expected)
    for (const chunkBytes of [1, 7, 64]) {
      const decoder = captureDecoder(bytes)
      const got: CapturedPacket[] = []
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        decoder.push(bytes.slice(at, at + chunkBytes))
        for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) got.push(packet)
      }
      decoder.end()
      expect(decoder.next()).toBeUndefined()
      expect(got.map(plain)).toEqual(expected)
    }
  })

  test('cut anywhere: the whole packets before the cut, then PCAP_TRUNCATED', () => {
    const firstEnd = writeCapture(make(), packets.slice(0, 1)).length
    const headerEnd = make().header().length
    for (let length = headerEnd; length < bytes.length; length++) {
      const got: CapturedPacket[] = []
      let error: unknown
      try {
        for (const packet of readCapture(bytes.subarray(0, length), { name: 'cut.pcap' })) got.push(packet)
      } catch (caught) {
        error = caught
      }
      expect(got.length).toBe(length < firstEnd ? 0 : 1)
      if (length === headerEnd || length === firstEnd) expect(error).toBeUndefined()
      else {
        expect(error).toMatchObject({
          code: 'PCAP_TRUNCATED',
          where: { input: 'cut.pcap', offsetBytes: length < firstEnd ? headerEnd : firstEnd },
        })
      }
    }
  })

  test('any flipped byte gives packets or a PacketError, never anything else', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Uint8Array.from(bytes)
        damaged[at]! ^= flip
        try {
          for (const packet of readCapture(damaged)) expect(packet.data.length).toBeLessThan(300)
        } catch (error) {
          expect(error).toBeInstanceOf(PacketError)
        }
      }),
      { numRuns: 300 },
    )
  })
})

test('a capture that this project did not write', () => {
  // By another program: link type Ethernet, 2023-11-14 22:13:20 UTC, one SYN 10.0.0.1:1234 -> 10.0.0.2:80.
  const file = Buffer.from(
    '1MOyoQIABAAAAAAAAAAAAP//AAABAAAAAPFTZQAAAAA2AAAANgAAAAARIjNEVWZ3iJmquwgARQAAKAABAABABgAACgAAAQoAAAIE0gBQAAAAAQAAAAJQAgPoAAAAAA==',
    'base64',
  )
  const capture = readCapture(file)
  expect(capture).toMatchObject({ format: 'pcap', linkType: 1, interfaces: [{ id: 0, snapLengthBytes: 65535 }] })
  const [packet] = [...capture]
  expect(packet).toMatchObject({ originalLengthBytes: 54, timestamp: { seconds: 1_700_000_000, nanoseconds: 0 } })
  expect(packet!.data.subarray(0, 6)).toEqual(parseMac('00:11:22:33:44:55'))
})

describe('snap length', () => {
  test.each([new PcapWriter({ snapLengthBytes: 20 }), new PcapngWriter({ interfaces: [{ snapLengthBytes: 20 }] })])(
    'cuts what is longer, keeping the original length',
    (writer) => {
      const [packet] = [...readCapture(writeCapture(writer, [{ data: UDP_FRAME }]))]
      expect(packet!.data).toEqual(UDP_FRAME.subarray(0, 20))
      expect(packet!.originalLengthBytes).toBe(UDP_FRAME.length)
    },
  )
})

describe('times', () => {
  test('split and joined without loss', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (ns) => {
        expect(timestampNs(timestampFromNs(ns))).toBe(ns)
      }),
    )
  })
  test('pcap has 32 bits of seconds', () => {
    const write = (seconds: number): Uint8Array =>
      new PcapWriter().packet({ data: UDP_FRAME, timestamp: { seconds, nanoseconds: 0 } })
    expect(() => write(-1)).toThrow(expect.objectContaining({ code: 'PCAP_TIMESTAMP' }))
    expect(() => write(2 ** 32)).toThrow(expect.objectContaining({ code: 'PCAP_TIMESTAMP' }))
    expect(write(2 ** 32 - 1).length).toBe(63)
  })
})
