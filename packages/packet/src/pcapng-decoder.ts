import type { CapturedPacket, CaptureInterface } from './captured-packet.ts'
import type { PacketError } from './packet-error.ts'
import { unknownMagic } from './pcap-decoder.ts'
import {
  BLOCK_HEADER_BYTES,
  BYTE_ORDER_MAGIC,
  BYTE_ORDER_MAGIC_SWAPPED,
  DEFAULT_TICKS_PER_SECOND,
  MAX_BLOCK_BYTES,
  MIN_BLOCK_BYTES,
  PCAPNG_BLOCK,
  PCAPNG_OPTION,
  padded32,
} from './pcapng-format.ts'
import { RecordDecoder } from './record-decoder.ts'
import { type Timestamp, timestampFromNs } from './timestamp.ts'

/** An interface with what only the decoding of timestamps needs. */
interface SectionInterface extends CaptureInterface {
  readonly offsetSeconds: bigint
}

/** Where a block's body stands in the queue's buffer. */
interface BlockBody {
  readonly start: number
  readonly end: number
}

/** The fixed part of a packet block: where its fields are, in bytes from the start of the body. */
interface PacketLayout {
  readonly fixedBytes: number
  readonly interfaceIdBits: 16 | 32
}

// biome-ignore format: table
const PACKET_LAYOUTS = {
  [PCAPNG_BLOCK.ENHANCED_PACKET]: { fixedBytes: 20, interfaceIdBits: 32 },
  [PCAPNG_BLOCK.PACKET]:          { fixedBytes: 20, interfaceIdBits: 16 },
} as const satisfies Record<number, PacketLayout>

/**
 * Decodes pcapng: sections in either byte order, any number of interfaces, enhanced, simple and obsolete packet blocks.
 *
 * Errors: PCAP_MAGIC (no section header where the file begins), PCAPNG_BYTE_ORDER, PCAPNG_VERSION, PCAPNG_BLOCK_LENGTH,
 * PCAPNG_INTERFACE (a packet of an interface that the section did not describe), PCAPNG_OPTION,
 * PCAPNG_TIMESTAMP_RESOLUTION, PCAP_TRUNCATED.
 */
export class PcapngDecoder extends RecordDecoder {
  override readonly format: 'pcapng' = 'pcapng' as const
  #littleEndian = false
  #inSection = false
  #section: SectionInterface[] = []

  protected override decodeNext(): CapturedPacket | undefined {
    const { queue } = this
    while (queue.length > 0) {
      if (!this.has(MIN_BLOCK_BYTES, 'block')) return undefined
      const type = this.#blockType()
      const lengthBytes = this.#u32(queue.offset + 4)
      this.#checkBlockLength(lengthBytes)
      if (!this.has(lengthBytes, 'block')) return undefined
      this.#checkTrailer(lengthBytes)
      const body = { start: queue.offset + BLOCK_HEADER_BYTES, end: queue.offset + lengthBytes - 4 }
      const packet = this.#decodeBlock(type, body)
      queue.take(lengthBytes)
      if (packet !== undefined) return packet
    }
    return undefined
  }

  #u16(at: number): number {
    return this.queue.view.getUint16(at, this.#littleEndian)
  }

  #u32(at: number): number {
    return this.queue.view.getUint32(at, this.#littleEndian)
  }

  /** Also sets the byte order, which a section header's length already needs. Its type reads the same in both. */
  #blockType(): number {
    const { view, offset } = this.queue
    const isSectionHeader = view.getUint32(offset) === PCAPNG_BLOCK.SECTION_HEADER
    if (!isSectionHeader) {
      if (!this.#inSection) throw this.damage('PCAP_MAGIC', unknownMagic(view.getUint32(offset)))
      return this.#u32(offset)
    }
    const magic = view.getUint32(offset + 8)
    if (magic !== BYTE_ORDER_MAGIC && magic !== BYTE_ORDER_MAGIC_SWAPPED) {
      throw this.damage('PCAPNG_BYTE_ORDER', {
        message: 'section header has no byte-order magic',
        got: `0x${magic.toString(16).padStart(8, '0')}`,
        expected: '0x1a2b3c4d in either byte order',
        offsetInRecord: 8,
      })
    }
    this.#littleEndian = magic === BYTE_ORDER_MAGIC_SWAPPED
    return PCAPNG_BLOCK.SECTION_HEADER
  }

  #checkBlockLength(lengthBytes: number): void {
    if (lengthBytes >= MIN_BLOCK_BYTES && lengthBytes <= MAX_BLOCK_BYTES && lengthBytes % 4 === 0) return
    throw this.#lengthError('block claims an impossible length', lengthBytes, 4, {
      expected: `a multiple of 4 from ${MIN_BLOCK_BYTES} to ${MAX_BLOCK_BYTES}`,
    })
  }

  #checkTrailer(lengthBytes: number): void {
    const trailer = this.#u32(this.queue.offset + lengthBytes - 4)
    if (trailer === lengthBytes) return
    throw this.#lengthError('the two lengths of a block differ', trailer, lengthBytes - 4, { expected: lengthBytes })
  }

  #lengthError(
    message: string,
    got: number,
    offsetInRecord: number,
    { expected }: { expected: string | number },
  ): PacketError {
    const hint = 'the file is damaged here; the packets before this place are good'
    return this.damage('PCAPNG_BLOCK_LENGTH', { message, got: `${got} bytes`, expected, hint, offsetInRecord })
  }

  #decodeBlock(type: number, body: BlockBody): CapturedPacket | undefined {
    switch (type) {
      case PCAPNG_BLOCK.SECTION_HEADER:
        return this.#decodeSectionHeader(body)
      case PCAPNG_BLOCK.INTERFACE:
        return this.#decodeInterface(body)
      case PCAPNG_BLOCK.ENHANCED_PACKET:
      case PCAPNG_BLOCK.PACKET:
        return this.#decodePacket(body, PACKET_LAYOUTS[type])
      case PCAPNG_BLOCK.SIMPLE_PACKET:
        return this.#decodeSimplePacket(body)
      default:
        return undefined
    }
  }

  #decodeSectionHeader(body: BlockBody): undefined {
    this.#need(body, 16, 'section header')
    const major = this.#u16(body.start + 4)
    if (major !== 1) {
      throw this.damage('PCAPNG_VERSION', {
        message: 'unknown version of the pcapng format',
        got: `${major}.${this.#u16(body.start + 6)}`,
        expected: '1.0',
        offsetInRecord: BLOCK_HEADER_BYTES + 4,
      })
    }
    this.#inSection = true
    this.#section = []
  }

  #decodeInterface(body: BlockBody): undefined {
    this.#need(body, 8, 'interface description')
    const options = this.#options({ start: body.start + 8, end: body.end })
    const name = options.get(PCAPNG_OPTION.IF_NAME)
    const described: SectionInterface = {
      id: this.interfaces.length,
      linkType: this.#u16(body.start),
      snapLengthBytes: this.#u32(body.start + 4),
      ticksPerSecond: this.#ticksPerSecond(options.get(PCAPNG_OPTION.IF_TSRESOL)),
      offsetSeconds: this.#offsetSeconds(options.get(PCAPNG_OPTION.IF_TSOFFSET)),
      ...(name === undefined ? {} : { name: textOf(name) }),
    }
    this.#section.push(described)
    this.interfaces.push(described)
  }

  /** One byte: 10^-n of a second or, with the top bit set, 2^-n. */
  #ticksPerSecond(option: Uint8Array | undefined): bigint {
    if (option === undefined) return DEFAULT_TICKS_PER_SECOND
    const resolution = option[0]
    const exponent = (resolution ?? 255) & 0x7f
    const isBinary = resolution !== undefined && resolution >= 0x80
    // 64 bits of finer ticks would not last a second.
    if (resolution === undefined || exponent > (isBinary ? 63 : 19)) {
      throw this.damage('PCAPNG_TIMESTAMP_RESOLUTION', {
        message: 'interface has an impossible timestamp resolution (if_tsresol)',
        got: resolution === undefined ? 'an empty option' : `${isBinary ? 2 : 10}^-${exponent} seconds`,
        expected: '10^-0 to 10^-19 or 2^-0 to 2^-63 seconds',
      })
    }
    return (isBinary ? 2n : 10n) ** BigInt(exponent)
  }

  #offsetSeconds(option: Uint8Array | undefined): bigint {
    if (option === undefined || option.length !== 8) return 0n
    return new DataView(option.buffer, option.byteOffset, 8).getBigInt64(0, this.#littleEndian)
  }

  #decodePacket(body: BlockBody, layout: PacketLayout): CapturedPacket {
    this.#need(body, layout.fixedBytes, 'packet block')
    const { start } = body
    const from = this.#interface(layout.interfaceIdBits === 32 ? this.#u32(start) : this.#u16(start))
    const capturedBytes = this.#u32(start + 12)
    const dataStart = start + layout.fixedBytes
    if (capturedBytes > body.end - dataStart) {
      throw this.#lengthError('packet claims more bytes than its block has', capturedBytes, BLOCK_HEADER_BYTES + 12, {
        expected: `at most ${body.end - dataStart} bytes`,
      })
    }
    const options = this.#options({ start: dataStart + padded32(capturedBytes), end: body.end })
    const comment = options.get(PCAPNG_OPTION.COMMENT)
    return {
      timestamp: ticksToTime(this.#u32(start + 4), this.#u32(start + 8), from),
      data: this.queue.bytes.subarray(dataStart, dataStart + capturedBytes),
      originalLengthBytes: this.#u32(start + 16),
      interfaceId: from.id,
      linkType: from.linkType,
      ...(comment === undefined ? {} : { comment: textOf(comment) }),
    }
  }

  /** No time, no captured length: that follows from the snap length of the section's first interface. */
  #decodeSimplePacket(body: BlockBody): CapturedPacket {
    this.#need(body, 4, 'simple packet block')
    const from = this.#interface(0)
    const originalLengthBytes = this.#u32(body.start)
    const snapLengthBytes = from.snapLengthBytes || originalLengthBytes
    const capturedBytes = Math.min(originalLengthBytes, snapLengthBytes)
    const dataStart = body.start + 4
    if (capturedBytes > body.end - dataStart) {
      throw this.#lengthError('packet claims more bytes than its block has', capturedBytes, BLOCK_HEADER_BYTES, {
        expected: `at most ${body.end - dataStart} bytes`,
      })
    }
    return {
      timestamp: { seconds: 0, nanoseconds: 0 },
      data: this.queue.bytes.subarray(dataStart, dataStart + capturedBytes),
      originalLengthBytes,
      interfaceId: from.id,
      linkType: from.linkType,
    }
  }

  #interface(idInSection: number): SectionInterface {
    const found = this.#section[idInSection]
    if (found !== undefined) return found
    throw this.damage('PCAPNG_INTERFACE', {
      message: 'packet of an interface that its section does not describe',
      got: `interface ${idInSection}`,
      expected:
        this.#section.length === 0 ? 'an interface description block first' : `0 to ${this.#section.length - 1}`,
      offsetInRecord: BLOCK_HEADER_BYTES,
    })
  }

  #need(body: BlockBody, fixedBytes: number, what: string): void {
    if (body.end - body.start >= fixedBytes) return
    throw this.#lengthError(`block is too short for a ${what}`, body.end - body.start + MIN_BLOCK_BYTES, 4, {
      expected: `at least ${fixedBytes + MIN_BLOCK_BYTES} bytes`,
    })
  }

  /** The first value of each code. A list may end without its end mark. */
  #options(list: BlockBody): Map<number, Uint8Array> {
    const options = new Map<number, Uint8Array>()
    for (let at = list.start; at + 4 <= list.end; ) {
      const code = this.#u16(at)
      const lengthBytes = this.#u16(at + 2)
      if (code === PCAPNG_OPTION.END_OF_OPTIONS) break
      if (at + 4 + lengthBytes > list.end) {
        throw this.damage('PCAPNG_OPTION', {
          message: `option ${code} reaches past its block`,
          got: `${lengthBytes} bytes`,
          expected: `at most ${list.end - at - 4} bytes`,
          offsetInRecord: at - this.queue.offset,
        })
      }
      if (!options.has(code)) options.set(code, this.queue.bytes.subarray(at + 4, at + 4 + lengthBytes))
      at += 4 + padded32(lengthBytes)
    }
    return options
  }
}

/** UTF-8, damaged sequences replaced. Some writers end strings with a zero byte. */
function textOf(value: Uint8Array): string {
  // A TextDecoder does not take views of shared memory: decode a copy.
  return new TextDecoder().decode(Uint8Array.from(value)).replace(/\0+$/, '')
}

/** The usual case, microseconds below 2^53, is exact in doubles and needs no BigInt. */
function ticksToTime(high: number, low: number, from: SectionInterface): Timestamp {
  const { ticksPerSecond, offsetSeconds } = from
  if (ticksPerSecond === DEFAULT_TICKS_PER_SECOND && high < 0x20_0000 && offsetSeconds === 0n) {
    const ticks = high * 0x1_0000_0000 + low
    return { seconds: Math.floor(ticks / 1e6), nanoseconds: (ticks % 1e6) * 1000 }
  }
  const ticks = (BigInt(high) << 32n) | BigInt(low)
  const seconds = ticks / ticksPerSecond + offsetSeconds
  const fractionNs = ((ticks % ticksPerSecond) * 1_000_000_000n) / ticksPerSecond
  return timestampFromNs(seconds * 1_000_000_000n + fractionNs)
}
