import { internetChecksum } from '../checksum.ts'
import { announced, type HeaderBuilder, type HeaderPlace } from '../header-builder.ts'
import { type HeaderLayout, headerLayout } from '../header-layout.ts'
import { encodeOptions, type HeaderOption, parseOptions } from '../header-option.ts'
import { type HeaderParser, type LayerPlace, malformed, type ParseStop, truncated } from '../header-parser.ts'
import { ETHERTYPE, IP_PROTOCOL } from '../protocol-numbers.ts'
import { pseudoHeaderAt } from '../pseudo-header.ts'

/** The fixed part of an IPv4 header (RFC 791, section 3.1). */
export interface Ipv4Header {
  readonly version: number
  /** In 32-bit words, options included. */
  readonly ihl: number
  /** DSCP and ECN. */
  readonly tos: number
  readonly totalLength: number
  readonly identification: number
  readonly reservedFlag: boolean
  readonly dontFragment: boolean
  readonly moreFragments: boolean
  /** In units of 8 bytes, as on the wire. */
  readonly fragmentOffset: number
  readonly ttl: number
  readonly protocol: number
  readonly headerChecksum: number
  readonly src: string
  readonly dst: string
}

export interface Ipv4Layer extends Ipv4Header, LayerPlace {
  readonly name: 'ipv4'
  readonly options: readonly HeaderOption[]
  readonly malformedOptions: boolean
}

/** A header to build: lengths, protocol and checksum are filled in if absent. */
export interface Ipv4Fields extends Partial<Ipv4Header> {
  readonly src: string
  readonly dst: string
  /** Padded with zeros to 32 bits. */
  readonly options?: readonly HeaderOption[]
}

export const ipv4Layout: HeaderLayout<Ipv4Header> = headerLayout('ipv4', [
  ['version', 4],
  ['ihl', 4],
  ['tos', 8],
  ['totalLength', 16],
  ['identification', 16],
  ['reservedFlag', 1],
  ['dontFragment', 1],
  ['moreFragments', 1],
  ['fragmentOffset', 13],
  ['ttl', 8],
  ['protocol', 8],
  ['headerChecksum', 16],
  ['src', 32, 'ipv4'],
  ['dst', 32, 'ipv4'],
])

const CHECKSUM_OFFSET = 10
const ADDRESSES_OFFSET = 12

export function ipv4({ options: optionList = [], ...fields }: Ipv4Fields): HeaderBuilder {
  const options = encodeOptions(optionList, 'ipv4')
  const lengthBytes = ipv4Layout.lengthBytes + ((options.length + 3) & ~3)
  return {
    name: 'ipv4',
    lengthBytes,
    etherType: ETHERTYPE.IPV4,
    ipProtocol: IP_PROTOCOL.IPIP,
    write: (frame, place) => {
      const { offsetBytes, next } = place
      const protocol = fields.protocol ?? announced('ipv4', next, 'ipProtocol', IP_PROTOCOL.EXPERIMENTAL)
      ipv4Layout.write(frame, offsetBytes, {
        ...defaults(lengthBytes, place),
        ...fields,
        protocol,
        headerChecksum: 0,
      })
      frame.set(options, offsetBytes + ipv4Layout.lengthBytes)
    },
    pseudoHeader: (frame, { offsetBytes }) => pseudoHeaderAt(frame, 4, offsetBytes + ADDRESSES_OFFSET),
    finish: (frame, { offsetBytes }) => {
      const checksum = fields.headerChecksum ?? internetChecksum(frame, offsetBytes, lengthBytes)
      frame[offsetBytes + CHECKSUM_OFFSET] = checksum >> 8
      frame[offsetBytes + CHECKSUM_OFFSET + 1] = checksum
    },
  }
}

function defaults(
  lengthBytes: number,
  { offsetBytes, endBytes }: HeaderPlace,
): Omit<Ipv4Header, 'src' | 'dst' | 'protocol' | 'headerChecksum'> {
  return {
    version: 4,
    ihl: lengthBytes / 4,
    tos: 0,
    totalLength: endBytes - offsetBytes,
    identification: 0,
    reservedFlag: false,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 64,
  }
}

export const parseIpv4Header: HeaderParser<Ipv4Layer> = (bytes, offsetBytes, endBytes) => {
  if (offsetBytes + ipv4Layout.lengthBytes > endBytes) {
    return truncated('ipv4', offsetBytes, endBytes, ipv4Layout.lengthBytes)
  }
  const lengthBytes = (bytes[offsetBytes]! & 15) * 4
  const optionsEnd = Math.min(endBytes, offsetBytes + lengthBytes)
  const { options, malformed } = parseOptions(bytes, offsetBytes + ipv4Layout.lengthBytes, optionsEnd, 'ipv4')
  const place = { name: 'ipv4', offsetBytes, lengthBytes, options, malformedOptions: malformed } as const
  const layer: Ipv4Layer = ipv4Layout.read(bytes, offsetBytes, place)
  const wrong = contradiction(layer)
  if (wrong !== undefined) return wrong
  if (offsetBytes + lengthBytes > endBytes) return truncated('ipv4', offsetBytes, endBytes, lengthBytes)
  const contentEnd = offsetBytes + layer.totalLength
  if (layer.fragmentOffset === 0) {
    return { layer, next: { by: 'ipProtocol', value: layer.protocol }, endBytes: contentEnd }
  }
  const message = `fragment at byte ${layer.fragmentOffset * 8} of its packet`
  return { layer, stop: { reason: 'fragment', message, offsetBytes: offsetBytes + lengthBytes }, endBytes: contentEnd }
}

function contradiction({ version, ihl, totalLength, offsetBytes }: Ipv4Layer): ParseStop | undefined {
  if (version !== 4) return malformed(`IPv4 header of version ${version}`, offsetBytes)
  if (ihl < 5) return malformed(`IPv4 header length of ${ihl} words`, offsetBytes)
  if (totalLength < ihl * 4) return malformed(`IPv4 total length of ${totalLength} bytes`, offsetBytes + 2)
  return undefined
}
