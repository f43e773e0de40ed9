import type { HeaderBuilder } from '../header-builder.ts'
import { type HeaderLayout, headerLayout } from '../header-layout.ts'
import { encodeOptions, type HeaderOption, parseOptions } from '../header-option.ts'
import { type HeaderParser, type LayerPlace, malformed, truncated } from '../header-parser.ts'
import { IP_PROTOCOL } from '../protocol-numbers.ts'
import { transportChecksum } from '../pseudo-header.ts'

/** The fixed part of a TCP header (RFC 9293, section 3.1). */
export interface TcpHeader {
  readonly srcPort: number
  readonly dstPort: number
  readonly sequence: number
  readonly acknowledgment: number
  /** In 32-bit words, options included. */
  readonly dataOffset: number
  readonly reserved: number
  /** Bits of {@link TCP_FLAG}. */
  readonly flags: number
  readonly window: number
  readonly checksum: number
  readonly urgentPointer: number
}

export interface TcpLayer extends TcpHeader, LayerPlace {
  readonly name: 'tcp'
  readonly options: readonly HeaderOption[]
  readonly malformedOptions: boolean
}

/** The control bits; combine with `|`. */
export const TCP_FLAG = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ECE: 64, CWR: 128 } as const

/** A header to build: a SYN from port 1024 if nothing else is given. */
export interface TcpFields extends Partial<TcpHeader> {
  /** Padded with zeros to 32 bits. */
  readonly options?: readonly HeaderOption[]
}

const layout: HeaderLayout<TcpHeader> = headerLayout('tcp', [
  ['srcPort', 16],
  ['dstPort', 16],
  ['sequence', 32],
  ['acknowledgment', 32],
  ['dataOffset', 4],
  ['reserved', 4],
  ['flags', 8],
  ['window', 16],
  ['checksum', 16],
  ['urgentPointer', 16],
])

const DATA_OFFSET_OFFSET = 12
const CHECKSUM_OFFSET = 16

export function tcp({ options: optionList = [], ...fields }: TcpFields): HeaderBuilder {
  const options = encodeOptions(optionList, 'ipv4')
  const lengthBytes = layout.lengthBytes + ((options.length + 3) & ~3)
  return {
    name: 'tcp',
    lengthBytes,
    ipProtocol: IP_PROTOCOL.TCP,
    write: (frame, { offsetBytes }) => {
      layout.write(frame, offsetBytes, { ...DEFAULTS, dataOffset: lengthBytes / 4, ...fields, checksum: 0 })
      frame.set(options, offsetBytes + layout.lengthBytes)
    },
    finish: (frame, { offsetBytes, endBytes, ip }) => {
      const checksum =
        fields.checksum ?? transportChecksum(frame, offsetBytes, endBytes - offsetBytes, IP_PROTOCOL.TCP, ip)
      frame[offsetBytes + CHECKSUM_OFFSET] = checksum >> 8
      frame[offsetBytes + CHECKSUM_OFFSET + 1] = checksum
    },
  }
}

const DEFAULTS = {
  srcPort: 1024,
  dstPort: 80,
  sequence: 0,
  acknowledgment: 0,
  reserved: 0,
  flags: TCP_FLAG.SYN,
  window: 65_535,
  urgentPointer: 0,
} as const

export const parseTcp: HeaderParser<TcpLayer> = (bytes, offsetBytes, endBytes) => {
  if (offsetBytes + layout.lengthBytes > endBytes) return truncated('tcp', offsetBytes, endBytes, layout.lengthBytes)
  const lengthBytes = (bytes[offsetBytes + DATA_OFFSET_OFFSET]! >> 4) * 4
  if (lengthBytes < layout.lengthBytes) return malformed(`TCP data offset of ${lengthBytes / 4} words`, offsetBytes)
  if (offsetBytes + lengthBytes > endBytes) return truncated('tcp', offsetBytes, endBytes, lengthBytes)
  const optionsOffset = offsetBytes + layout.lengthBytes
  const { options, malformed: malformedOptions } = parseOptions(bytes, optionsOffset, offsetBytes + lengthBytes, 'ipv4')
  const place = { name: 'tcp', offsetBytes, lengthBytes, options, malformedOptions } as const
  return { layer: layout.read(bytes, offsetBytes, place) }
}
