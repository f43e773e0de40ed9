import { and, type Condition, not, or } from '../condition.ts'
import type { TypeField } from '../link-types.ts'
import { ETHER_TYPE, LLC_SAP, MAX_FRAME_LENGTH } from '../names/ether-types.ts'
import { bytesEqual } from './byte-string.ts'
import type { Generation } from './generation.ts'
import { constant, fieldEquals, fieldGreater } from './packet-field.ts'

/** A protocol above the link layer, by its type in Ethernet frames or its access point of IEEE 802.2. */
export type LinkProtocol = number

type Test = (generation: Generation, protocol: LinkProtocol) => Condition

// biome-ignore format: table
const TESTS: Readonly<Record<TypeField, Test>> = {
  'ethernet':             ethernet,
  'llc':                  llc,
  'cooked':               cooked,
  'ether-type':           typeEquals,
  'ppp':                  (generation, protocol) => typeEquals(generation, PPP_PROTOCOLS.get(protocol) ?? protocol),
  'ip-version':           ipVersion,
  'ipv4-only':            (_, protocol) => constant(protocol === ETHER_TYPE.ip),
  'ipv6-only':            (_, protocol) => constant(protocol === ETHER_TYPE.ip6),
  'family-in-host-order': (generation, protocol) => family(generation, protocol, 24),
  'family':               (generation, protocol) => family(generation, protocol, 0),
}

/** What the link layer carries is this protocol. */
export function carries(generation: Generation, protocol: LinkProtocol): Condition {
  if (generation.mplsLabels > 0) return behindLabels(generation, protocol)
  return TESTS[generation.link.typeField](generation, protocol)
}

/** The numbers of PPP for protocols. @see IANA, Point-to-Point (PPP) Protocol Field Assignments */
const PPP_PROTOCOLS: ReadonlyMap<number, number> = new Map<number, number>([
  [ETHER_TYPE.ip, 0x0021],
  [LLC_SAP.iso, 0x0023],
  [ETHER_TYPE.decnet, 0x0027],
  [ETHER_TYPE.atalk, 0x0029],
  [LLC_SAP.ipx, 0x002b],
  [LLC_SAP.stp, 0x0031],
  [ETHER_TYPE.ip6, 0x0057],
])

/** Access points that are compared as destination and source. */
const PAIRED_SAPS: ReadonlySet<number> = new Set([LLC_SAP.iso, LLC_SAP.ip, LLC_SAP.netbeui])
const pair = (accessPoint: number): number => (accessPoint << 8) | accessPoint

const ORGANISATION = { ethernet: 0, apple: 0x080007 } as const
/** What AppleTalk's frames have in a SNAP header. */
const SNAP_ORGANISATIONS: ReadonlyMap<number, number> = new Map<number, number>([
  [ETHER_TYPE.atalk, ORGANISATION.apple],
  [ETHER_TYPE.aarp, ORGANISATION.ethernet],
])
/** Novell's frames of old have a checksum, which is not used, in the place of the access points. */
export const RAW_IPX = 0xffff

/** Types of cooked captures that are no Ethernet type. */
const COOKED = { novell: 1, llc: 4 } as const

/** The last label, and the version of the IP header behind it. */
function behindLabels(generation: Generation, protocol: LinkProtocol): Condition {
  const version = IP_VERSIONS.get(protocol)
  if (version === undefined) throw generation.error('unsupported protocol over mpls')
  return and(
    fieldEquals(generation, ['network', -2, 1], 0x01, 0x01),
    fieldEquals(generation, ['network', 0, 1], version, 0xf0),
  )
}

const IP_VERSIONS: ReadonlyMap<number, number> = new Map<number, number>([
  [ETHER_TYPE.ip, 0x40],
  [ETHER_TYPE.ip6, 0x60],
])

function typeEquals(generation: Generation, type: number): Condition {
  return fieldEquals(generation, ['link-type', 0, 2], type)
}

/** The type is a length: a header of IEEE 802.2 comes next. */
export function hasLength(generation: Generation): Condition {
  return not(fieldGreater(generation, ['link-type', 0, 2], MAX_FRAME_LENGTH))
}

function snap(generation: Generation, organisation: number, type: number): Condition {
  const words = [organisation >>> 16, organisation >>> 8, organisation, type >>> 8, type]
  return bytesEqual(generation, 'llc', 0, [0xaa, 0xaa, 0x03, ...words.map((word) => word & 0xff)])
}

function llcPair(generation: Generation, accessPoint: number): Condition {
  return fieldEquals(generation, ['llc', 0, 2], pair(accessPoint))
}

function ethernet(generation: Generation, protocol: LinkProtocol): Condition {
  if (PAIRED_SAPS.has(protocol)) return and(hasLength(generation), llcPair(generation, protocol))
  if (protocol === LLC_SAP.ipx) return ipxOverEthernet(generation)
  const organisation = SNAP_ORGANISATIONS.get(protocol)
  if (organisation !== undefined) {
    const inside = and(hasLength(generation), snap(generation, organisation, protocol))
    return or(typeEquals(generation, protocol), inside)
  }
  if (protocol > MAX_FRAME_LENGTH) return typeEquals(generation, protocol)
  return and(hasLength(generation), fieldEquals(generation, ['link-type', 2, 1], protocol))
}

function ipxOverEthernet(generation: Generation): Condition {
  const accessPoint = fieldEquals(generation, ['llc', 0, 1], LLC_SAP.ipx)
  const raw = fieldEquals(generation, ['llc', 0, 2], RAW_IPX)
  const inside = or(snap(generation, ORGANISATION.ethernet, ETHER_TYPE.ipx), or(accessPoint, raw))
  return or(typeEquals(generation, ETHER_TYPE.ipx), and(hasLength(generation), inside))
}

function llc(generation: Generation, protocol: LinkProtocol): Condition {
  if (PAIRED_SAPS.has(protocol)) return llcPair(generation, protocol)
  if (protocol === ETHER_TYPE.atalk) return snap(generation, ORGANISATION.apple, protocol)
  if (protocol <= MAX_FRAME_LENGTH) return fieldEquals(generation, ['llc', 0, 1], protocol)
  return fieldEquals(generation, ['llc', 6, 2], protocol)
}

function cooked(generation: Generation, protocol: LinkProtocol): Condition {
  if (PAIRED_SAPS.has(protocol)) return and(typeEquals(generation, COOKED.llc), llcPair(generation, protocol))
  if (protocol === LLC_SAP.ipx) return ipxCooked(generation)
  const organisation = SNAP_ORGANISATIONS.get(protocol)
  if (organisation !== undefined) {
    const inside = and(typeEquals(generation, COOKED.llc), snap(generation, organisation, protocol))
    return or(typeEquals(generation, protocol), inside)
  }
  if (protocol > MAX_FRAME_LENGTH) return typeEquals(generation, protocol)
  return and(typeEquals(generation, COOKED.llc), fieldEquals(generation, ['llc', 0, 1], protocol))
}

function ipxCooked(generation: Generation): Condition {
  const accessPoint = fieldEquals(generation, ['llc', 0, 1], LLC_SAP.ipx)
  const inside = or(accessPoint, snap(generation, ORGANISATION.ethernet, ETHER_TYPE.ipx))
  const llcFrame = and(typeEquals(generation, COOKED.llc), inside)
  const novell = or(typeEquals(generation, COOKED.novell), llcFrame)
  return or(typeEquals(generation, ETHER_TYPE.ipx), novell)
}

function ipVersion(generation: Generation, protocol: LinkProtocol): Condition {
  const version = IP_VERSIONS.get(protocol)
  return version === undefined ? constant(false) : fieldEquals(generation, ['network', 0, 1], version, 0xf0)
}

/** Linux's numbers of address families. */
const FAMILIES: ReadonlyMap<number, number> = new Map<number, number>([
  [ETHER_TYPE.ip, 2],
  [ETHER_TYPE.ip6, 10],
])

/** @param shift that brings a small number of the host's byte order, which is little endian, into that of the packet */
function family(generation: Generation, protocol: LinkProtocol, shift: number): Condition {
  const number = FAMILIES.get(protocol)
  return number === undefined
    ? constant(false)
    : fieldEquals(generation, ['link-header', 0, 4], (number << shift) >>> 0)
}
