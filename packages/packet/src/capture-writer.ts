import type { CapturedPacket } from './captured-packet.ts'
import type { Timestamp } from './timestamp.ts'

/** A packet to write. */
export interface PacketRecord {
  readonly data: Uint8Array
  /** 1970-01-01 if absent. */
  readonly timestamp?: Timestamp
  /** The length on the wire; that of `data` if absent. */
  readonly originalLengthBytes?: number
  /** pcapng: which of the writer's interfaces; the first if absent. */
  readonly interfaceId?: number
  /** pcapng: a remark on this packet. */
  readonly comment?: string
}

/** Makes the bytes of a capture file piece by piece, so that a caller can stream them to disk: first `header`, then a
 * piece for each packet. */
export interface CaptureWriter {
  header(): Uint8Array
  packet(record: PacketRecord | CapturedPacket): Uint8Array
}

/** A whole capture in memory. @throws PacketError as the writer does */
export function writeCapture(writer: CaptureWriter, packets: Iterable<PacketRecord>): Uint8Array {
  const pieces = [writer.header()]
  for (const packet of packets) pieces.push(writer.packet(packet))
  const bytes = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
