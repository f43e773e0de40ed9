import { announced, type HeaderBuilder } from '../header-builder.ts'
import { type HeaderLayout, headerLayout } from '../header-layout.ts'
import { type HeaderParser, type LayerPlace, malformed, truncated } from '../header-parser.ts'
import { ETHERTYPE, IP_PROTOCOL } from '../protocol-numbers.ts'
import { pseudoHeaderAt } from '../pseudo-header.ts'

/** An IPv6 header (RFC 8200, section 3). */
export interface Ipv6Header {
  readonly version: number
  readonly trafficClass: number
  readonly flowLabel: number
  /** Of everything behind this header, extension headers included. */
  readonly payloadLength: number
  readonly nextHeader: number
  readonly hopLimit: number
  readonly src: string
  readonly dst: string
}

export interface Ipv6Layer extends Ipv6Header, LayerPlace {
  readonly name: 'ipv6'
}

/** A header to build: payload length and next header are filled in if absent. */
export interface Ipv6Fields extends Partial<Ipv6Header> {
  readonly src: string
  readonly dst: string
}

const layout: HeaderLayout<Ipv6Header> = headerLayout('ipv6', [
  ['version', 4],
  ['trafficClass', 8],
  ['flowLabel', 20],
  ['payloadLength', 16],
  ['nextHeader', 8],
  ['hopLimit', 8],
  ['src', 128, 'ipv6'],
  ['dst', 128, 'ipv6'],
])

const ADDRESSES_OFFSET = 8

export function ipv6(fields: Ipv6Fields): HeaderBuilder {
  const { lengthBytes } = layout
  return {
    name: 'ipv6',
    lengthBytes,
    etherType: ETHERTYPE.IPV6,
    ipProtocol: IP_PROTOCOL.IPV6,
    write: (frame, { offsetBytes, endBytes, next }) =>
      layout.write(frame, offsetBytes, {
        version: 6,
        trafficClass: 0,
        flowLabel: 0,
        payloadLength: endBytes - offsetBytes - lengthBytes,
        hopLimit: 64,
        ...fields,
        nextHeader: fields.nextHeader ?? nextHeaderOf('ipv6', next),
      }),
    pseudoHeader: (frame, { offsetBytes }) => pseudoHeaderAt(frame, 6, offsetBytes + ADDRESSES_OFFSET),
  }
}

/** The number of what follows an IPv6 or extension header; "no next header" at the end. */
export function nextHeaderOf(header: string, next: HeaderBuilder | undefined): number {
  return next === undefined
    ? IP_PROTOCOL.NO_NEXT_HEADER
    : announced(header, next, 'ipProtocol', IP_PROTOCOL.EXPERIMENTAL)
}

export const parseIpv6Header: HeaderParser<Ipv6Layer> = (bytes, offsetBytes, endBytes) => {
  const { lengthBytes } = layout
  if (offsetBytes + lengthBytes > endBytes) return truncated('ipv6', offsetBytes, endBytes, lengthBytes)
  const layer = layout.read(bytes, offsetBytes, { name: 'ipv6', offsetBytes, lengthBytes } as const)
  if (layer.version !== 6) return malformed(`IPv6 header of version ${layer.version}`, offsetBytes)
  const contentOffset = offsetBytes + lengthBytes
  return {
    layer,
    next: { by: 'ipProtocol', value: layer.nextHeader },
    endBytes: contentOffset + layer.payloadLength,
  }
}
