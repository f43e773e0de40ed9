/*
 * The classic capture file: a 24-byte header, then records of a 16-byte header and the captured bytes.
 *
 *   file    magic u32 · major u16 · minor u16 · thiszone s32 · sigfigs u32 · snaplen u32 · linktype u32
 *   record  seconds u32 · micro- or nanoseconds u32 · captured length u32 · original length u32
 *
 * https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/
 */

export const PCAP_HEADER_BYTES = 24
export const PCAP_RECORD_HEADER_BYTES = 16

/** One kind of file, known by the first four bytes read as a big-endian number. */
export interface PcapVariant {
  readonly magic: number
  readonly littleEndian: boolean
  readonly ticksPerSecond: 1_000_000 | 1_000_000_000
  /** Kuznetzov's patched tcpdump added an interface index, protocol and packet type to each record. */
  readonly recordHeaderBytes: number
}

// biome-ignore format: table
export const PCAP_VARIANTS: readonly PcapVariant[] = [
  { magic: 0xa1b2c3d4, littleEndian: false, ticksPerSecond: 1_000_000,     recordHeaderBytes: 16 },
  { magic: 0xd4c3b2a1, littleEndian: true,  ticksPerSecond: 1_000_000,     recordHeaderBytes: 16 },
  { magic: 0xa1b23c4d, littleEndian: false, ticksPerSecond: 1_000_000_000, recordHeaderBytes: 16 },
  { magic: 0x4d3cb2a1, littleEndian: true,  ticksPerSecond: 1_000_000_000, recordHeaderBytes: 16 },
  { magic: 0xa1b2cd34, littleEndian: false, ticksPerSecond: 1_000_000,     recordHeaderBytes: 24 },
  { magic: 0x34cdb2a1, littleEndian: true,  ticksPerSecond: 1_000_000,     recordHeaderBytes: 24 },
]

/** libpcap's MAXIMUM_SNAPLEN: a longer record is taken for damage unless the file's own snap length allows it. */
export const MAX_SNAP_LENGTH_BYTES = 262_144

/** No snap length makes a record longer than this believable. */
export const MAX_RECORD_BYTES: number = 16 * 1024 * 1024
