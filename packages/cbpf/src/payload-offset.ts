import { dissectTransport, type Transport } from './flow-dissector.ts'
import { readBuffer } from './packet-load.ts'
import type { SocketBuffer } from './socket-buffer.ts'

const TCP = 6
const TCP_HEADER_BYTES = 20

/** Bytes of the headers that are stepped over, by IP protocol. */
const HEADER_BYTES: ReadonlyMap<number, number> = new Map([
  [17, 8], // UDP
  [136, 8], // UDP-Lite
  [1, 8], // ICMP
  [58, 8], // ICMPv6
  [2, 8], // IGMP
  [33, 12], // DCCP
  [132, 12], // SCTP
])

/**
 * Where the transport's payload starts: what SKF_AD_PAY_OFFSET gives; 0 where the packet can't be dissected.
 *
 * @see __skb_get_poff in the kernel's net/core/flow_dissector.c
 */
export function payloadOffset(buffer: SocketBuffer): number {
  const transport = dissectTransport(buffer)
  if (transport === undefined) return 0
  if (transport.fragment === 'later') return transport.offsetBytes
  return transport.offsetBytes + headerBytes(buffer, transport)
}

function headerBytes(buffer: SocketBuffer, { offsetBytes, protocol }: Transport): number {
  if (protocol !== TCP) return HEADER_BYTES.get(protocol) ?? 0
  const dataOffset = readBuffer(buffer, offsetBytes + 12, 1)
  return dataOffset === undefined ? 0 : Math.max(TCP_HEADER_BYTES, (dataOffset & 0xf0) >> 2)
}
