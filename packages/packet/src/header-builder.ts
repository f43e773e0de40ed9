import { PacketError } from './packet-error.ts'
import type { PseudoHeader } from './pseudo-header.ts'

/** A header that is being placed in a frame, and what stands around it. */
export interface HeaderPlace {
  readonly offsetBytes: number
  /** Where the payload of this header ends: the end of the frame. */
  readonly endBytes: number
  /** The layer behind this one; undefined at the end. */
  readonly next: HeaderBuilder | undefined
  /** The IP header around this one, for the checksums that cover its addresses. */
  readonly ip: PseudoHeader | undefined
}

/**
 * One layer of a packet to build, made by `ethernet(...)`, `ipv4(...)` and so on and put together by `packet(...)`.
 * Own headers can be added: whatever has this shape is a layer.
 */
export interface HeaderBuilder {
  readonly name: string
  readonly lengthBytes: number
  /** What an Ethernet or VLAN header in front says of this layer. */
  readonly etherType?: number
  /** What an IP header in front says of this layer. */
  readonly ipProtocol?: number
  /** Writes the header; what depends on the bytes behind it is left for `finish`. */
  write(frame: Uint8Array, place: HeaderPlace): void
  /** Called when everything behind the header is complete: fills in checksums. */
  finish?(frame: Uint8Array, place: HeaderPlace): void
  /** IP headers: what upper layers add to their checksums. Called after `write`. */
  pseudoHeader?(frame: Uint8Array, place: HeaderPlace): PseudoHeader | undefined
}

/** The name of a layer that is just bytes. */
export const PAYLOAD = 'payload'

/**
 * The number by which `header` announces what follows; `fallback` for bare payload or nothing.
 * @throws PacketError PACKET_LAYER_ORDER when the next layer has no number there
 */
export function announced(
  header: string,
  next: HeaderBuilder | undefined,
  key: 'etherType' | 'ipProtocol',
  fallback: number,
): number {
  if (next === undefined || next.name === PAYLOAD) return fallback
  const value = next[key]
  if (value !== undefined) return value
  throw new PacketError({
    code: 'PACKET_LAYER_ORDER',
    message: `${next.name} can't stand directly behind ${header}`,
    got: next.name,
    expected: `a layer with an ${key === 'etherType' ? 'EtherType' : 'IP protocol number'}`,
    hint: `put the missing layer between them, or give ${header} the number yourself`,
  })
}
