import type { CaptureWriter, PacketRecord } from './capture-writer.ts'
import { PacketError } from './packet-error.ts'
import {
  MAX_SNAP_LENGTH_BYTES,
  PCAP_HEADER_BYTES,
  PCAP_RECORD_HEADER_BYTES,
  PCAP_VARIANTS,
  type PcapVariant,
} from './pcap-format.ts'
import { LINKTYPE } from './protocol-numbers.ts'
import type { Timestamp } from './timestamp.ts'

export interface PcapWriterOptions {
  /** Ethernet if absent. */
  readonly linkType?: number
  /** Longer packets are cut to this; 262,144 if absent. */
  readonly snapLengthBytes?: number
  /** 'micro' if absent: the kind that every tool reads. Nanoseconds are cut, not rounded. */
  readonly precision?: 'micro' | 'nano'
  /** 'little' if absent. */
  readonly byteOrder?: 'little' | 'big'
}

/** Writes the classic pcap format. */
export class PcapWriter implements CaptureWriter {
  readonly linkType: number
  readonly snapLengthBytes: number
  readonly #variant: PcapVariant

  constructor(options: PcapWriterOptions = {}) {
    this.linkType = options.linkType ?? LINKTYPE.ETHERNET
    this.snapLengthBytes = options.snapLengthBytes ?? MAX_SNAP_LENGTH_BYTES
    const ticksPerSecond = options.precision === 'nano' ? 1_000_000_000 : 1_000_000
    const littleEndian = options.byteOrder !== 'big'
    this.#variant = PCAP_VARIANTS.find(
      (row) => row.ticksPerSecond === ticksPerSecond && row.littleEndian === littleEndian,
    )!
  }

  header(): Uint8Array {
    const { magic, littleEndian } = this.#variant
    const bytes = new Uint8Array(PCAP_HEADER_BYTES)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, magic)
    view.setUint16(4, 2, littleEndian)
    view.setUint16(6, 4, littleEndian)
    view.setUint32(16, this.snapLengthBytes, littleEndian)
    view.setUint32(20, this.linkType, littleEndian)
    return bytes
  }

  /** @throws PacketError PCAP_TIMESTAMP when the time is before 1970 or after 2106 */
  packet(record: PacketRecord): Uint8Array {
    const { littleEndian, ticksPerSecond } = this.#variant
    const { seconds, nanoseconds } = checkedTime(record.timestamp)
    const capturedBytes = Math.min(record.data.length, this.snapLengthBytes)
    const bytes = new Uint8Array(PCAP_RECORD_HEADER_BYTES + capturedBytes)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, seconds, littleEndian)
    view.setUint32(4, ticksPerSecond === 1_000_000 ? Math.floor(nanoseconds / 1000) : nanoseconds, littleEndian)
    view.setUint32(8, capturedBytes, littleEndian)
    view.setUint32(12, record.originalLengthBytes ?? record.data.length, littleEndian)
    bytes.set(record.data.subarray(0, capturedBytes), PCAP_RECORD_HEADER_BYTES)
    return bytes
  }
}

function checkedTime(timestamp: Timestamp = { seconds: 0, nanoseconds: 0 }): Timestamp {
  if (timestamp.seconds >= 0 && timestamp.seconds <= 0xffff_ffff) return timestamp
  throw new PacketError({
    code: 'PCAP_TIMESTAMP',
    message: 'time does not fit the 32 bits of a pcap record',
    got: `${timestamp.seconds} s`,
    expected: '0 to 4294967295 s since 1970',
    hint: 'write pcapng, which has 64 bits',
  })
}
