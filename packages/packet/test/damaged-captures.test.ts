import { describe, expect, test } from 'vitest'
import {
  type CapturedPacket,
  type PacketErrorCode,
  PcapngWriter,
  PcapWriter,
  readCapture,
  writeCapture,
} from '../src/index.ts'
import { hasTcpdump, tcpdump } from './tcpdump.ts'

const frame = new Uint8Array(60).fill(0xff)
const pcap = writeCapture(new PcapWriter(), [{ data: frame }, { data: frame }])
const pcapng = writeCapture(new PcapngWriter(), [{ data: frame }, { data: frame }])
const PCAPNG_HEADER = new PcapngWriter().header().length

function patched(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy.set(values, at)
  return copy
}

const u32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]

function read(bytes: Uint8Array): { packets: CapturedPacket[]; error: unknown } {
  const packets: CapturedPacket[] = []
  try {
    for (const packet of readCapture(bytes)) packets.push(packet)
    return { packets, error: undefined }
  } catch (error) {
    return { packets, error }
  }
}

// biome-ignore format: table
const DAMAGED: [what: string, bytes: Uint8Array, packetsBefore: number, code: PacketErrorCode, offsetBytes: number][] = [
  ['an empty file',                            new Uint8Array(0),                                     0, 'PCAP_TRUNCATED',       0],
  ['three bytes',                              pcap.subarray(0, 3),                                   0, 'PCAP_TRUNCATED',       0],
  ['a pcap header cut',                        pcap.subarray(0, 23),                                  0, 'PCAP_TRUNCATED',       0],
  ['text',                                     new TextEncoder().encode('hello world'),               0, 'PCAP_MAGIC',           0],
  ['gzip',                                     Uint8Array.of(0x1f, 0x8b, 8, 0, 0),                    0, 'PCAP_MAGIC',           0],
  ['pcap version 3',                           patched(pcap, 4, 3),                                   0, 'PCAP_VERSION',         4],
  ['a record of 4 GiB',                        patched(pcap, 24 + 76 + 8, 255, 255, 255, 255),        1, 'PCAP_RECORD_LENGTH',   24 + 76 + 8],
  ['a record longer than any snap length',     patched(pcap, 24 + 8, ...u32(262_145)),                0, 'PCAP_RECORD_LENGTH',   24 + 8],
  ['a record one byte longer than the file',   patched(pcap, 24 + 76 + 8, 61),                        1, 'PCAP_TRUNCATED',       24 + 76],
  ['a pcapng section header cut',              pcapng.subarray(0, 20),                                0, 'PCAP_TRUNCATED',       0],
  ['no byte-order magic',                      patched(pcapng, 8, 0),                                 0, 'PCAPNG_BYTE_ORDER',    8],
  ['pcapng version 2',                         patched(pcapng, 12, 2),                                0, 'PCAPNG_VERSION',       12],
  ['a block of 0 bytes',                       patched(pcapng, PCAPNG_HEADER + 4, ...u32(0)),         0, 'PCAPNG_BLOCK_LENGTH',  PCAPNG_HEADER + 4],
  ['a block length that is no multiple of 4',  patched(pcapng, PCAPNG_HEADER + 4, 93),                0, 'PCAPNG_BLOCK_LENGTH',  PCAPNG_HEADER + 4],
  ['a block of 2 GiB',                         patched(pcapng, PCAPNG_HEADER + 4, ...u32(0x80000000)), 0, 'PCAPNG_BLOCK_LENGTH', PCAPNG_HEADER + 4],
  ['two block lengths that differ',            patched(pcapng, PCAPNG_HEADER + 92 + 88, 96),          1, 'PCAPNG_BLOCK_LENGTH',  PCAPNG_HEADER + 92 + 88],
  ['a packet longer than its block',           patched(pcapng, PCAPNG_HEADER + 20, 64),               0, 'PCAPNG_BLOCK_LENGTH',  PCAPNG_HEADER + 20],
  ['a packet of an undescribed interface',     patched(pcapng, PCAPNG_HEADER + 8, 1),                 0, 'PCAPNG_INTERFACE',     PCAPNG_HEADER + 8],
  ['an option past its block',                 patched(pcapng, 28 + 16 + 2, 200),                     0, 'PCAPNG_OPTION',        28 + 16],
  ['an impossible clock',                      patched(pcapng, 28 + 16 + 4, 20),                      0, 'PCAPNG_TIMESTAMP_RESOLUTION', 28],
  ['a packet block before any section',        pcapng.subarray(PCAPNG_HEADER),                        0, 'PCAP_MAGIC',           0],
]

describe('damaged captures', () => {
  test.each(DAMAGED)('%s', (_what, bytes, packetsBefore, code, offsetBytes) => {
    const { packets, error } = read(bytes)
    expect(error).toMatchObject({ code, where: { offsetBytes } })
    expect(packets.length).toBe(packetsBefore)
  })

  test('tcpdump refuses all of them, too', (ctx) => {
    if (!hasTcpdump) ctx.skip('tcpdump is not installed')
    const tolerated = DAMAGED.filter(([, bytes]) => tcpdump(bytes, []).complaints === '').map(([what]) => what)
    expect(tolerated).toEqual([])
  })

  test('a file in a known foreign format gets a hint', () => {
    const { error } = read(Uint8Array.of(0x1f, 0x8b, 8, 0))
    expect(error).toMatchObject({ hint: expect.stringContaining('gzip') })
  })

  test('the same error comes again, not packets from the middle of the damage', () => {
    const { error } = read(patched(pcap, 24 + 76 + 8, 255, 255, 255, 255))
    expect(String(error)).toBe('PCAP_RECORD_LENGTH: record claims an impossible length (offset 0x6c)')
  })
})

describe('tolerated oddities', () => {
  test('captured more than the snap length says, as libpcap allows', () => {
    expect(read(patched(pcap, 16, ...u32(10))).packets.length).toBe(2)
    expect(read(patched(pcap, 16, ...u32(0))).packets.length).toBe(2)
    expect(read(patched(pcap, 16, ...u32(0xffffffff))).packets.length).toBe(2)
  })

  test('an original length below the captured one is given as it stands', () => {
    expect(read(patched(pcap, 24 + 12, 1)).packets[0]!.originalLengthBytes).toBe(1)
  })

  test('a fraction of more than a second is carried', () => {
    const { packets } = read(patched(pcap, 24 + 4, ...u32(2_500_000)))
    expect(packets[0]!.timestamp).toEqual({ seconds: 2, nanoseconds: 500_000_000 })
  })

  test('records of the patched (Kuznetzov) format', () => {
    const record = [...u32(7), ...u32(0), ...u32(4), ...u32(4), 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]
    const file = Uint8Array.of(...patched(pcap.subarray(0, 24), 0, 0x34, 0xcd, 0xb2, 0xa1), ...record)
    expect([...read(file).packets[0]!.data]).toEqual([1, 2, 3, 4])
  })

  test('version 2.2 has the lengths the other way round', () => {
    const swapped = patched(patched(pcap, 6, 2), 24 + 8, ...u32(90), ...u32(60))
    expect(read(swapped).packets[0]).toMatchObject({ originalLengthBytes: 90, data: frame })
  })
})
