import { and, type Condition, or } from '../condition.ts'
import { ETHER_TYPE, LLC_SAP } from '../names/ether-types.ts'
import { IP_PROTOCOL, ISO_PROTOCOL } from '../names/protocols.ts'
import type { Protocol } from '../qualifiers.ts'
import type { Generation } from './generation.ts'
import { carries } from './link-protocol.ts'
import { fieldEquals } from './packet-field.ts'

/** Where headers have the number of the protocol inside. */
const IPV4_PROTOCOL_AT = 9
export const IPV6_NEXT_HEADER_AT = 6
const IPV6_HEADER_BYTES = 40
const ISIS_PDU_TYPE_AT = 4

/** Protocols whose packets hold others, by number. */
const CARRIERS: Partial<Readonly<Record<Protocol, (generation: Generation, number: number) => Condition>>> = {
  default: (generation, number) => or(ipv4Carries(generation, number), ipv6Carries(generation, number)),
  link: carries,
  ip: ipv4Carries,
  ip6: ipv6Carries,
  iso: isoCarries,
  isis: (generation, number) =>
    and(
      isoCarries(generation, ISO_PROTOCOL.isis),
      fieldEquals(generation, ['network-without-snap', ISIS_PDU_TYPE_AT, 1], number),
    ),
}

/** Why others hold none. */
// biome-ignore format: table
const REFUSALS: Partial<Readonly<Record<Protocol, string>>> = {
  arp:    'arp does not encapsulate another protocol',
  rarp:   'rarp does not encapsulate another protocol',
  atalk:  'AppleTalk encapsulation is not specifiable',
  decnet: 'DECNET encapsulation is not specifiable',
  lat:    'LAT does not encapsulate another protocol',
  sca:    'SCA does not encapsulate another protocol',
  moprc:  'MOPRC does not encapsulate another protocol',
  mopdl:  'MOPDL does not encapsulate another protocol',
  clnp:   "'clnp proto' is not supported",
}

/** `ip proto 47`: a protocol's packets hold those of another. */
export function protocolCarries(generation: Generation, protocol: Protocol, number: number): Condition {
  const carrier = CARRIERS[protocol]
  if (carrier !== undefined) return carrier(generation, number)
  throw generation.error(REFUSALS[protocol] ?? `'${protocol} proto' is bogus`)
}

function ipv4Carries(generation: Generation, number: number): Condition {
  return and(carries(generation, ETHER_TYPE.ip), fieldEquals(generation, ['network', IPV4_PROTOCOL_AT, 1], number))
}

/** Directly, or behind a header of a fragment. */
function ipv6Carries(generation: Generation, number: number): Condition {
  const isFragment = fieldEquals(generation, ['network', IPV6_NEXT_HEADER_AT, 1], IP_PROTOCOL.fragment)
  const inFragment = and(isFragment, fieldEquals(generation, ['network', IPV6_HEADER_BYTES, 1], number))
  const direct = fieldEquals(generation, ['network', IPV6_NEXT_HEADER_AT, 1], number)
  return and(carries(generation, ETHER_TYPE.ip6), or(direct, inFragment))
}

function isoCarries(generation: Generation, number: number): Condition {
  return and(carries(generation, LLC_SAP.iso), fieldEquals(generation, ['network-without-snap', 0, 1], number))
}
