import type { HeaderBuilder } from '../header-builder.ts'
import { type HeaderLayout, headerLayout } from '../header-layout.ts'
import { type HeaderParser, type LayerPlace, truncated } from '../header-parser.ts'
import { IP_PROTOCOL } from '../protocol-numbers.ts'
import { transportChecksum } from '../pseudo-header.ts'

/** The first eight bytes of an ICMP or ICMPv6 message (RFC 792, RFC 4443), with the words of an echo. */
export interface IcmpHeader {
  readonly type: number
  readonly code: number
  readonly checksum: number
  /** Of an echo; in other messages the high half of the second word. */
  readonly identifier: number
  /** Of an echo; in other messages the low half of the second word. */
  readonly sequence: number
}

export interface IcmpLayer extends IcmpHeader, LayerPlace {
  readonly name: 'icmp'
}

export interface Icmpv6Layer extends IcmpHeader, LayerPlace {
  readonly name: 'icmpv6'
}

/** Message types that this package's users build. */
// biome-ignore format: table
export const ICMP_TYPE = {
  ECHO_REPLY: 0, DESTINATION_UNREACHABLE: 3, ECHO_REQUEST: 8, TIME_EXCEEDED: 11,
} as const

// biome-ignore format: table
export const ICMPV6_TYPE = {
  DESTINATION_UNREACHABLE: 1, PACKET_TOO_BIG: 2, TIME_EXCEEDED: 3, ECHO_REQUEST: 128, ECHO_REPLY: 129,
  ROUTER_SOLICITATION: 133, NEIGHBOR_SOLICITATION: 135, NEIGHBOR_ADVERTISEMENT: 136,
} as const

const layout: HeaderLayout<IcmpHeader> = headerLayout('icmp', [
  ['type', 8],
  ['code', 8],
  ['checksum', 16],
  ['identifier', 16],
  ['sequence', 16],
])

const CHECKSUM_OFFSET = 2

/** An ICMP header to build: an echo request unless `type` says otherwise. */
export function icmp(fields: Partial<IcmpHeader> = {}): HeaderBuilder {
  return icmpBuilder('icmp', IP_PROTOCOL.ICMP, { type: ICMP_TYPE.ECHO_REQUEST, ...fields })
}

/** An ICMPv6 header to build: an echo request unless `type` says otherwise. Its checksum covers a pseudo header. */
export function icmpv6(fields: Partial<IcmpHeader> = {}): HeaderBuilder {
  return icmpBuilder('icmpv6', IP_PROTOCOL.ICMPV6, { type: ICMPV6_TYPE.ECHO_REQUEST, ...fields })
}

function icmpBuilder(
  name: 'icmp' | 'icmpv6',
  ipProtocol: number,
  fields: Partial<IcmpHeader> & { type: number },
): HeaderBuilder {
  return {
    name,
    lengthBytes: layout.lengthBytes,
    ipProtocol,
    write: (frame, { offsetBytes }) =>
      layout.write(frame, offsetBytes, { code: 0, identifier: 0, sequence: 0, ...fields, checksum: 0 }),
    finish: (frame, { offsetBytes, endBytes, ip }) => {
      const pseudo = name === 'icmpv6' ? ip : undefined
      const checksum =
        fields.checksum ?? transportChecksum(frame, offsetBytes, endBytes - offsetBytes, ipProtocol, pseudo)
      frame[offsetBytes + CHECKSUM_OFFSET] = checksum >> 8
      frame[offsetBytes + CHECKSUM_OFFSET + 1] = checksum
    },
  }
}

const icmpParser =
  (name: 'icmp' | 'icmpv6'): HeaderParser<IcmpLayer | Icmpv6Layer> =>
  (bytes, offsetBytes, endBytes) => {
    const { lengthBytes } = layout
    if (offsetBytes + lengthBytes > endBytes) return truncated(name, offsetBytes, endBytes, lengthBytes)
    return { layer: layout.read(bytes, offsetBytes, { name, offsetBytes, lengthBytes }) }
  }

export const parseIcmp: HeaderParser<IcmpLayer | Icmpv6Layer> = icmpParser('icmp')
export const parseIcmpv6: HeaderParser<IcmpLayer | Icmpv6Layer> = icmpParser('icmpv6')
