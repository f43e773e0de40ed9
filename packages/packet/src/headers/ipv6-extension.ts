import type { HeaderBuilder } from '../header-builder.ts'
import { type HeaderLayout, headerLayout } from '../header-layout.ts'
import { encodeOptions, type HeaderOption, ipv6Padding, parseOptions } from '../header-option.ts'
import { type HeaderParser, type LayerPlace, truncated } from '../header-parser.ts'
import { parseIpv6 } from '../ipv6-address.ts'
import { IP_PROTOCOL } from '../protocol-numbers.ts'
import { type PseudoHeader, withFinalDestination } from '../pseudo-header.ts'
import { nextHeaderOf } from './ipv6.ts'

/* IPv6 extension headers (RFC 8200, section 4): hop-by-hop and destination options, routing, fragment. */

export interface Ipv6OptionsLayer<Name extends 'hopByHop' | 'destinationOptions'> extends LayerPlace {
  readonly name: Name
  readonly nextHeader: number
  /** Padding included. */
  readonly options: readonly HeaderOption[]
  readonly malformedOptions: boolean
}

export interface Ipv6RoutingHeader {
  readonly nextHeader: number
  /** In units of 8 bytes, without the first 8. */
  readonly headerExtensionLength: number
  readonly routingType: number
  readonly segmentsLeft: number
  /** The four bytes before the addresses: reserved or, for segment routing, last entry, flags and tag. */
  readonly typeSpecific: number
}

export interface Ipv6RoutingLayer extends Ipv6RoutingHeader, LayerPlace {
  readonly name: 'routing'
}

export interface Ipv6FragmentHeader {
  readonly nextHeader: number
  readonly reserved: number
  /** In units of 8 bytes, as on the wire. */
  readonly fragmentOffset: number
  readonly reservedBits: number
  readonly moreFragments: boolean
  readonly identification: number
}

export interface Ipv6FragmentLayer extends Ipv6FragmentHeader, LayerPlace {
  readonly name: 'ipv6Fragment'
}

const routingLayout: HeaderLayout<Ipv6RoutingHeader> = headerLayout('routing', [
  ['nextHeader', 8],
  ['headerExtensionLength', 8],
  ['routingType', 8],
  ['segmentsLeft', 8],
  ['typeSpecific', 32],
])

const fragmentLayout: HeaderLayout<Ipv6FragmentHeader> = headerLayout('ipv6Fragment', [
  ['nextHeader', 8],
  ['reserved', 8],
  ['fragmentOffset', 13],
  ['reservedBits', 2],
  ['moreFragments', 1],
  ['identification', 32],
])

const SEGMENT_ROUTING = 4

/** A hop-by-hop options header to build, padded to 8 bytes. */
export function hopByHop(options: readonly HeaderOption[] = []): HeaderBuilder {
  return optionsHeader('hopByHop', IP_PROTOCOL.HOP_BY_HOP, options)
}

/** A destination options header to build, padded to 8 bytes. */
export function destinationOptions(options: readonly HeaderOption[] = []): HeaderBuilder {
  return optionsHeader('destinationOptions', IP_PROTOCOL.DESTINATION_OPTIONS, options)
}

function optionsHeader(name: string, ipProtocol: number, options: readonly HeaderOption[]): HeaderBuilder {
  const unpaddedBytes = 2 + encodeOptions(options, 'ipv6').length
  const lengthBytes = (unpaddedBytes + 7) & ~7
  const encoded = encodeOptions([...options, ...ipv6Padding(lengthBytes - unpaddedBytes)], 'ipv6')
  return {
    name,
    lengthBytes,
    ipProtocol,
    write: (frame, { offsetBytes, next }) => {
      frame[offsetBytes] = nextHeaderOf(name, next)
      frame[offsetBytes + 1] = lengthBytes / 8 - 1
      frame.set(encoded, offsetBytes + 2)
    },
  }
}

/** A routing header to build: type 0 or 2, or 4 for segment routing (RFC 8754), whose list starts with the last hop. */
export interface Ipv6RoutingFields {
  readonly routingType: number
  readonly segments: readonly string[]
  /** How many of the segments are still to be visited; all if absent. */
  readonly segmentsLeft?: number
  readonly nextHeader?: number
}

export function routing({ routingType, segments, segmentsLeft, nextHeader }: Ipv6RoutingFields): HeaderBuilder {
  const left = segmentsLeft ?? segments.length
  const fixedBytes = routingLayout.lengthBytes
  return {
    name: 'routing',
    lengthBytes: fixedBytes + segments.length * 16,
    ipProtocol: IP_PROTOCOL.ROUTING,
    write: (frame, { offsetBytes, next }) => {
      routingLayout.write(frame, offsetBytes, {
        nextHeader: nextHeader ?? nextHeaderOf('routing', next),
        headerExtensionLength: segments.length * 2,
        routingType,
        segmentsLeft: left,
        typeSpecific: routingType === SEGMENT_ROUTING ? (Math.max(0, segments.length - 1) << 24) >>> 0 : 0,
      })
      for (const [index, segment] of segments.entries()) {
        frame.set(parseIpv6(segment), offsetBytes + fixedBytes + index * 16)
      }
    },
    pseudoHeader: (frame, { offsetBytes, ip }) => ip && routedPseudoHeader(frame, offsetBytes, ip),
  }
}

/** Upper layers' checksums use the final destination, which stands here while segments are left. */
export function routedPseudoHeader(frame: Uint8Array, offsetBytes: number, ip: PseudoHeader): PseudoHeader {
  const { routingType, segmentsLeft, headerExtensionLength } = routingLayout.read(frame, offsetBytes, {})
  const count = headerExtensionLength >> 1
  if (segmentsLeft === 0 || count === 0 || ![0, 2, SEGMENT_ROUTING].includes(routingType)) return ip
  const index = routingType === SEGMENT_ROUTING ? 0 : count - 1
  return withFinalDestination(ip, frame, offsetBytes + routingLayout.lengthBytes + index * 16)
}

/** A fragment header to build; see also {@link fragmentIpv6}. */
export function ipv6Fragment(fields: Partial<Ipv6FragmentHeader>): HeaderBuilder {
  return {
    name: 'ipv6Fragment',
    lengthBytes: fragmentLayout.lengthBytes,
    ipProtocol: IP_PROTOCOL.FRAGMENT,
    write: (frame, { offsetBytes, next }) =>
      fragmentLayout.write(frame, offsetBytes, {
        reserved: 0,
        fragmentOffset: 0,
        reservedBits: 0,
        moreFragments: false,
        identification: 0,
        ...fields,
        nextHeader: fields.nextHeader ?? nextHeaderOf('ipv6Fragment', next),
      }),
  }
}

type OptionsLayer = Ipv6OptionsLayer<'hopByHop'> | Ipv6OptionsLayer<'destinationOptions'>

const optionsParser =
  (name: 'hopByHop' | 'destinationOptions'): HeaderParser<OptionsLayer> =>
  (bytes, offsetBytes, endBytes) => {
    const lengthBytes = extensionLength(bytes, offsetBytes, endBytes)
    if (offsetBytes + lengthBytes > endBytes) return truncated(name, offsetBytes, endBytes, lengthBytes)
    const { options, malformed } = parseOptions(bytes, offsetBytes + 2, offsetBytes + lengthBytes, 'ipv6')
    const nextHeader = bytes[offsetBytes]!
    const fields = { nextHeader, options, malformedOptions: malformed, offsetBytes, lengthBytes }
    const layer = name === 'hopByHop' ? ({ name, ...fields } as const) : ({ name, ...fields } as const)
    return { layer, next: { by: 'ipProtocol', value: nextHeader } }
  }

export const parseHopByHop: HeaderParser<OptionsLayer> = optionsParser('hopByHop')
export const parseDestinationOptions: HeaderParser<OptionsLayer> = optionsParser('destinationOptions')

export const parseRouting: HeaderParser<Ipv6RoutingLayer> = (bytes, offsetBytes, endBytes) => {
  const lengthBytes = extensionLength(bytes, offsetBytes, endBytes)
  if (offsetBytes + lengthBytes > endBytes) return truncated('routing', offsetBytes, endBytes, lengthBytes)
  const layer = routingLayout.read(bytes, offsetBytes, { name: 'routing', offsetBytes, lengthBytes } as const)
  return { layer, next: { by: 'ipProtocol', value: layer.nextHeader } }
}

export const parseIpv6Fragment: HeaderParser<Ipv6FragmentLayer> = (bytes, offsetBytes, endBytes) => {
  const { lengthBytes } = fragmentLayout
  if (offsetBytes + lengthBytes > endBytes) return truncated('ipv6Fragment', offsetBytes, endBytes, lengthBytes)
  const layer = fragmentLayout.read(bytes, offsetBytes, { name: 'ipv6Fragment', offsetBytes, lengthBytes } as const)
  if (layer.fragmentOffset === 0) return { layer, next: { by: 'ipProtocol', value: layer.nextHeader } }
  const message = `fragment at byte ${layer.fragmentOffset * 8} of its packet`
  return { layer, stop: { reason: 'fragment', message, offsetBytes: offsetBytes + lengthBytes } }
}

/** The length that an extension header claims; 8, the least, when not even the length byte is there. */
function extensionLength(bytes: Uint8Array, offsetBytes: number, endBytes: number): number {
  return offsetBytes + 2 <= endBytes ? bytes[offsetBytes + 1]! * 8 + 8 : 8
}
