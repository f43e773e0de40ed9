import type { HeaderBuilder } from '../header-builder.ts'
import { type HeaderLayout, headerLayout } from '../header-layout.ts'
import { type HeaderParser, type LayerPlace, malformed, truncated } from '../header-parser.ts'
import { IP_PROTOCOL } from '../protocol-numbers.ts'
import { transportChecksum } from '../pseudo-header.ts'

/** A UDP header (RFC 768). */
export interface UdpHeader {
  readonly srcPort: number
  readonly dstPort: number
  /** Of header and payload. */
  readonly length: number
  /** 0 means none (IPv4). */
  readonly checksum: number
}

export interface UdpLayer extends UdpHeader, LayerPlace {
  readonly name: 'udp'
}

const layout: HeaderLayout<UdpHeader> = headerLayout('udp', [
  ['srcPort', 16],
  ['dstPort', 16],
  ['length', 16],
  ['checksum', 16],
])

const CHECKSUM_OFFSET = 6

/** A header to build: from port 1024 to 9 (discard) if nothing else is given. */
export function udp(fields: Partial<UdpHeader>): HeaderBuilder {
  return {
    name: 'udp',
    lengthBytes: layout.lengthBytes,
    ipProtocol: IP_PROTOCOL.UDP,
    write: (frame, { offsetBytes, endBytes }) =>
      layout.write(frame, offsetBytes, {
        srcPort: 1024,
        dstPort: 9,
        length: endBytes - offsetBytes,
        ...fields,
        checksum: 0,
      }),
    finish: (frame, { offsetBytes, endBytes, ip }) => {
      // A sum of 0 is sent as 0xffff, since 0 says that there is none.
      const computed = transportChecksum(frame, offsetBytes, endBytes - offsetBytes, IP_PROTOCOL.UDP, ip) || 0xffff
      const checksum = fields.checksum ?? computed
      frame[offsetBytes + CHECKSUM_OFFSET] = checksum >> 8
      frame[offsetBytes + CHECKSUM_OFFSET + 1] = checksum
    },
  }
}

export const parseUdp: HeaderParser<UdpLayer> = (bytes, offsetBytes, endBytes) => {
  const { lengthBytes } = layout
  if (offsetBytes + lengthBytes > endBytes) return truncated('udp', offsetBytes, endBytes, lengthBytes)
  const layer = layout.read(bytes, offsetBytes, { name: 'udp', offsetBytes, lengthBytes } as const)
  if (layer.length < lengthBytes) return malformed(`UDP length of ${layer.length} bytes`, offsetBytes + 4)
  return { layer, endBytes: offsetBytes + layer.length }
}
