import { checksumSum } from '../checksum.ts'
import type { HeaderBuilder } from '../header-builder.ts'
import { ethernet } from '../headers/ethernet.ts'
import { icmp, icmpv6 } from '../headers/icmp.ts'
import { ipv4 } from '../headers/ipv4.ts'
import { ipv6 } from '../headers/ipv6.ts'
import { tcp } from '../headers/tcp.ts'
import { udp } from '../headers/udp.ts'
import { vlan } from '../headers/vlan.ts'
import { packet } from '../packet-builder.ts'
import { IP_PROTOCOL } from '../protocol-numbers.ts'
import type { PktgenProtocol, PktgenStream } from './stream.ts'

/** Where the transport checksum stands in its header. */
const CHECKSUM_OFFSET: Readonly<Record<PktgenProtocol, number>> = { udp: 6, tcp: 16, icmp: 2 }
const TRANSPORT_BYTES: Readonly<Record<PktgenProtocol, number>> = { udp: 8, tcp: 20, icmp: 8 }

/**
 * The headers of a stream's packets with zeros for all that varies, and the sums of what does not vary: a packet is a
 * copy of these bytes, the varying fields, and checksums made from the sums and those fields alone.
 */
export interface StreamTemplate {
  readonly headers: Uint8Array
  readonly ipAt: number
  readonly transportAt: number
  readonly checksumAt: number
  /** IPv4 header without length, identification, checksum and addresses. */
  readonly ipSum: number
  /** Transport header without ports (or identifier and sequence), length and checksum, with its pseudo header's protocol. */
  readonly transportSum: number
  /** ICMP over IPv4 has no pseudo header. */
  readonly hasPseudoHeader: boolean
}

/** The length of all headers of such packets. */
export function headerBytes(family: 4 | 6, protocol: PktgenProtocol, hasVlan: boolean): number {
  return 14 + (hasVlan ? 4 : 0) + (family === 4 ? 20 : 40) + TRANSPORT_BYTES[protocol]
}

export function streamTemplate(stream: PktgenStream): StreamTemplate {
  const { vlanId, protocol } = stream
  const { family } = stream.src
  const link = [
    ethernet({ dst: stream.dstMac, src: stream.srcMac }),
    ...(vlanId === undefined ? [] : [vlan({ id: vlanId })]),
  ]
  const headers = packet(...link, ipHeader(stream), transportHeader(stream))
  const ipAt = link.reduce((total, { lengthBytes }) => total + lengthBytes, 0)
  const transportAt = ipAt + (family === 4 ? 20 : 40)
  // The varying length fields: those of IP, and of UDP.
  headers.fill(0, family === 4 ? ipAt + 2 : ipAt + 4, family === 4 ? ipAt + 4 : ipAt + 6)
  if (protocol === 'udp') headers.fill(0, transportAt + 4, transportAt + 6)
  const hasPseudoHeader = protocol !== 'icmp' || family === 6
  return {
    headers,
    ipAt,
    transportAt,
    checksumAt: transportAt + CHECKSUM_OFFSET[protocol],
    ipSum: checksumSum(headers, ipAt, 20),
    transportSum: checksumSum(
      headers,
      transportAt,
      TRANSPORT_BYTES[protocol],
      hasPseudoHeader ? protocolNumber(protocol, family) : 0,
    ),
    hasPseudoHeader,
  }
}

function ipHeader({ src: { family }, ttl, tos }: PktgenStream): HeaderBuilder {
  return family === 4
    ? ipv4({ src: '0.0.0.0', dst: '0.0.0.0', ttl, tos, headerChecksum: 0 })
    : ipv6({ src: '::', dst: '::', hopLimit: ttl, trafficClass: tos })
}

function transportHeader({ protocol, src: { family }, tcpFlags }: PktgenStream): HeaderBuilder {
  if (protocol === 'udp') return udp({ srcPort: 0, dstPort: 0, checksum: 0 })
  if (protocol === 'tcp') return tcp({ srcPort: 0, dstPort: 0, flags: tcpFlags, checksum: 0 })
  return family === 4 ? icmp({ checksum: 0 }) : icmpv6({ checksum: 0 })
}

function protocolNumber(protocol: PktgenProtocol, family: 4 | 6): number {
  if (protocol === 'icmp') return family === 4 ? IP_PROTOCOL.ICMP : IP_PROTOCOL.ICMPV6
  return protocol === 'udp' ? IP_PROTOCOL.UDP : IP_PROTOCOL.TCP
}
