import type { CapturedPacket } from './captured-packet.ts'
import {
  MAX_RECORD_BYTES,
  MAX_SNAP_LENGTH_BYTES,
  PCAP_HEADER_BYTES,
  PCAP_VARIANTS,
  type PcapVariant,
} from './pcap-format.ts'
import { RecordDecoder } from './record-decoder.ts'
import type { Timestamp } from './timestamp.ts'

const MAJOR_VERSION = 2
/** Up to 2.2 the two lengths of a record stood the other way round; 2.3 has both kinds. */
const SWAPPED_LENGTHS_MINOR = 3

/**
 * Decodes the classic pcap format in both byte orders, with micro- or nanoseconds.
 *
 * Errors: PCAP_MAGIC, PCAP_VERSION, PCAP_RECORD_LENGTH (a record longer than any snap length allows: as a rule the place
 * where the file is damaged), PCAP_TRUNCATED. An original length below the captured one is given as it stands.
 */
export class PcapDecoder extends RecordDecoder {
  override readonly format: 'pcap' = 'pcap' as const
  #variant: PcapVariant | undefined
  #minorVersion = 4
  #maxRecordBytes = MAX_SNAP_LENGTH_BYTES

  protected override decodeNext(): CapturedPacket | undefined {
    this.#variant ??= this.#decodeHeader()
    return this.#variant === undefined ? undefined : this.#decodeRecord(this.#variant)
  }

  #decodeHeader(): PcapVariant | undefined {
    if (!this.has(4, 'file header')) return undefined
    const { view, offset } = this.queue
    const magic = view.getUint32(offset)
    const variant = PCAP_VARIANTS.find((row) => row.magic === magic)
    if (variant === undefined) throw this.damage('PCAP_MAGIC', unknownMagic(magic))
    if (!this.has(PCAP_HEADER_BYTES, 'file header')) return undefined
    const { littleEndian } = variant
    this.#checkVersion(view.getUint16(offset + 4, littleEndian), view.getUint16(offset + 6, littleEndian))
    const snapLengthBytes = view.getUint32(offset + 16, littleEndian)
    this.#maxRecordBytes = Math.min(MAX_RECORD_BYTES, Math.max(MAX_SNAP_LENGTH_BYTES, snapLengthBytes))
    // The upper bits of the link type say whether frames end in a checksum (FCS), and how long it is.
    const linkType = view.getUint32(offset + 20, littleEndian) & 0x03ffffff
    this.interfaces.push({ id: 0, linkType, snapLengthBytes, ticksPerSecond: BigInt(variant.ticksPerSecond) })
    this.queue.take(PCAP_HEADER_BYTES)
    return variant
  }

  #checkVersion(major: number, minor: number): void {
    this.#minorVersion = minor
    if (major === MAJOR_VERSION) return
    throw this.damage('PCAP_VERSION', {
      message: 'unknown version of the pcap format',
      got: `${major}.${minor}`,
      expected: '2.4',
      offsetInRecord: 4,
    })
  }

  #decodeRecord({ littleEndian, ticksPerSecond, recordHeaderBytes }: PcapVariant): CapturedPacket | undefined {
    const { queue } = this
    if (queue.length === 0 || !this.has(recordHeaderBytes, 'record header')) return undefined
    const { view, offset } = queue
    const [capturedBytes, originalLengthBytes] = this.#recordLengths(
      view.getUint32(offset + 8, littleEndian),
      view.getUint32(offset + 12, littleEndian),
    )
    if (!this.has(recordHeaderBytes + capturedBytes, 'record')) return undefined
    const start = offset + recordHeaderBytes
    const packet: CapturedPacket = {
      timestamp: recordTime(
        view.getUint32(offset, littleEndian),
        view.getUint32(offset + 4, littleEndian),
        ticksPerSecond,
      ),
      data: queue.bytes.subarray(start, start + capturedBytes),
      originalLengthBytes,
      interfaceId: 0,
      linkType: this.interfaces[0]!.linkType,
    }
    queue.take(recordHeaderBytes + capturedBytes)
    return packet
  }

  #recordLengths(first: number, second: number): [captured: number, original: number] {
    const minor = this.#minorVersion
    const swapped = minor < SWAPPED_LENGTHS_MINOR || (minor === SWAPPED_LENGTHS_MINOR && first > second)
    const captured = swapped ? second : first
    if (captured <= this.#maxRecordBytes) return swapped ? [second, first] : [first, second]
    throw this.damage('PCAP_RECORD_LENGTH', {
      message: 'record claims an impossible length',
      got: `${captured} bytes`,
      expected: `at most ${this.#maxRecordBytes} bytes`,
      hint: 'the file is damaged here; the packets before this place are good',
      offsetInRecord: 8,
    })
  }
}

/** A fraction of a second or more, which some writers leave, is carried into the seconds. */
function recordTime(seconds: number, ticks: number, ticksPerSecond: number): Timestamp {
  const nanosecondsPerTick = 1_000_000_000 / ticksPerSecond
  return {
    seconds: seconds + Math.floor(ticks / ticksPerSecond),
    nanoseconds: (ticks % ticksPerSecond) * nanosecondsPerTick,
  }
}

/** Says what a file without a capture's magic number is, where its first bytes tell. */
export function unknownMagic(magic: number): { message: string; got: string; expected: string; hint: string } {
  const kind = FOREIGN_MAGICS.find(([prefix, bits]) => magic >>> (32 - bits) === prefix)
  return {
    message: 'not a capture file',
    got: `first bytes ${magic
      .toString(16)
      .padStart(8, '0')
      .replace(/..(?=.)/g, '$& ')}`,
    expected: 'd4 c3 b2 a1 (pcap) or 0a 0d 0d 0a (pcapng), or another variant of pcap',
    hint: kind?.[2] ?? 'give a file that tcpdump -w or this package has written',
  }
}

// biome-ignore format: table
const FOREIGN_MAGICS: readonly [prefix: number, bits: number, hint: string][] = [
  [0x1f8b,     16, 'the file is compressed with gzip: decompress it first'],
  [0x28b52ffd, 32, 'the file is compressed with zstd: decompress it first'],
  [0xfd377a58, 32, 'the file is compressed with xz: decompress it first'],
  [0x7f454c46, 32, 'this is an ELF object, not a capture: are two arguments swapped?'],
  [0x736e6f6f, 32, 'this is a snoop capture: convert it with editcap -F pcap'],
]
