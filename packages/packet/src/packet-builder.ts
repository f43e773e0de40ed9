import { type HeaderBuilder, type HeaderPlace, PAYLOAD } from './header-builder.ts'
import type { PseudoHeader } from './pseudo-header.ts'

/** A layer of {@link packet}: a header, or payload as bytes or as UTF-8 text. */
export type PacketPart = HeaderBuilder | Uint8Array | string

/**
 * Builds a frame from its layers, outermost first. Lengths, EtherTypes, protocol numbers and checksums are filled in
 * unless a layer's own fields say otherwise. No padding is added: see {@link padFrame}.
 *
 * ```ts
 * packet(ethernet(), vlan({ id: 7 }), ipv4({ src: '10.0.0.1', dst: '10.0.0.2' }), udp({ dstPort: 53 }), 'hello')
 * ```
 * @throws PacketError PACKET_FIELD_RANGE, PACKET_LAYER_ORDER, ADDRESS_*
 */
export function packet(...parts: readonly PacketPart[]): Uint8Array {
  const layers = parts.map((part) => (isBytes(part) ? payload(part) : part))
  const endBytes = layers.reduce((total, layer) => total + layer.lengthBytes, 0)
  const frame = new Uint8Array(endBytes)
  const places: HeaderPlace[] = []
  let offsetBytes = 0
  let ip: PseudoHeader | undefined
  for (const [index, layer] of layers.entries()) {
    const place: HeaderPlace = { offsetBytes, endBytes, next: layers[index + 1], ip }
    places.push(place)
    layer.write(frame, place)
    ip = layer.pseudoHeader?.(frame, place) ?? ip
    offsetBytes += layer.lengthBytes
  }
  // Inner checksums first: an outer one may cover them.
  for (let index = layers.length - 1; index >= 0; index--) layers[index]!.finish?.(frame, places[index]!)
  return frame
}

/** The frame with zero bytes behind it up to `lengthBytes`: 60 is Ethernet's least length without the checksum. */
export function padFrame(frame: Uint8Array, lengthBytes = 60): Uint8Array {
  if (frame.length >= lengthBytes) return frame
  const padded = new Uint8Array(lengthBytes)
  padded.set(frame)
  return padded
}

function isBytes(part: PacketPart): part is Uint8Array | string {
  return typeof part === 'string' || part instanceof Uint8Array
}

function payload(data: Uint8Array | string): HeaderBuilder {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
  return { name: PAYLOAD, lengthBytes: bytes.length, write: (frame, { offsetBytes }) => frame.set(bytes, offsetBytes) }
}
