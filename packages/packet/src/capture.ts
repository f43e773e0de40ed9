import type { CaptureDecoder, CapturedPacket, CaptureInterface } from './captured-packet.ts'
import { PcapDecoder } from './pcap-decoder.ts'
import { PcapngDecoder } from './pcapng-decoder.ts'
import { PCAPNG_BLOCK } from './pcapng-format.ts'

/** What {@link readCapture} and {@link captureDecoder} are told about the input. */
export interface ReadCaptureOptions {
  /** The file's name, for error messages. */
  readonly name?: string
}

/** A capture in memory: iterate over it for its packets, as often as wanted. */
export interface Capture extends Iterable<CapturedPacket> {
  readonly format: 'pcap' | 'pcapng'
  /** Those described before the first packet. A pcapng file may describe more later. */
  readonly interfaces: readonly CaptureInterface[]
  /** The link type of the first interface; undefined for a pcapng file without one. Each packet has its own, too. */
  readonly linkType: number | undefined
}

/**
 * A decoder for input that begins with these bytes; four are enough. The bytes are not taken: push them as well.
 * What is neither format gets the pcap decoder, whose first `next` then says so.
 */
export function captureDecoder(firstBytes: Uint8Array, options: ReadCaptureOptions = {}): CaptureDecoder {
  const isPcapng =
    firstBytes.length >= 4 &&
    new DataView(firstBytes.buffer, firstBytes.byteOffset).getUint32(0) === PCAPNG_BLOCK.SECTION_HEADER
  return isPcapng ? new PcapngDecoder(options.name) : new PcapDecoder(options.name)
}

/**
 * Reads a pcap or pcapng file. Packets are views of `bytes` and are decoded as the iteration goes on: of a damaged file
 * the packets before the damage are delivered, and then the error is thrown.
 *
 * @throws PacketError at once: PCAP_MAGIC, PCAP_VERSION, and what is wrong before the first packet; while iterating: see
 * {@link PcapDecoder} and {@link PcapngDecoder}
 */
export function readCapture(bytes: Uint8Array, options: ReadCaptureOptions = {}): Capture {
  const start = (): CaptureDecoder => {
    const decoder = captureDecoder(bytes, options)
    decoder.push(bytes)
    decoder.end()
    return decoder
  }
  const { format, interfaces } = headersOf(start())
  return { format, interfaces, linkType: interfaces[0]?.linkType, [Symbol.iterator]: () => packetsOf(start()) }
}

/** Decodes up to the first packet. An error in or after that packet belongs to the iteration. */
function headersOf(decoder: CaptureDecoder): CaptureDecoder {
  try {
    decoder.next()
  } catch (error) {
    if (decoder.interfaces.length === 0) throw error
  }
  return decoder
}

function* packetsOf(decoder: CaptureDecoder): Generator<CapturedPacket> {
  for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) yield packet
}
