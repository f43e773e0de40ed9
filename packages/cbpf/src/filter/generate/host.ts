import { and, type Condition, or } from '../condition.ts'
import { ETHER_TYPE } from '../names/ether-types.ts'
import type { AddressKind, Direction, Protocol } from '../qualifiers.ts'
import { bytesEqual } from './byte-string.ts'
import { forEnds } from './direction.ts'
import type { Generation } from './generation.ts'
import { carries } from './link-protocol.ts'
import { fieldEquals } from './packet-field.ts'

/** An address, of which only the bits of the mask count. */
export interface MaskedWord {
  readonly value: number
  readonly mask: number
}

/** Type, and where in the network header the addresses of the ends stand. */
type Ends = readonly [type: number, source: number, destination: number]

// biome-ignore format: table
const IPV4_ENDS: Partial<Readonly<Record<Protocol, Ends>>> = {
  ip:   [ETHER_TYPE.ip,   12, 16],
  arp:  [ETHER_TYPE.arp,  14, 24],
  rarp: [ETHER_TYPE.rarp, 14, 24],
}
const IPV6_ENDS: Ends = [ETHER_TYPE.ip6, 8, 24]

/** Protocols whose addresses are no IPv4 ones, as the refusal calls them. */
const OTHER_ADDRESSES: Partial<Readonly<Record<Protocol, string>>> = {
  atalk: 'AppleTalk',
  aarp: 'AARP',
  lat: 'LAT',
  sca: 'SCA',
  moprc: 'MOPRC',
  mopdl: 'MOPDL',
  iso: 'ISO',
  ipx: 'IPX',
}

/** `host 10.0.0.1`: an IPv4 address in packets of IPv4, ARP, or RARP. */
export function hasIpv4Address(
  generation: Generation,
  address: MaskedWord,
  protocol: Protocol,
  direction: Direction,
  kind: AddressKind,
): Condition {
  const test = (ends: Ends | undefined): Condition => ipv4AtEnds(generation, address, ends as Ends, direction)
  if (protocol === 'default') {
    const ip = test(IPV4_ENDS.ip)
    return generation.mplsLabels > 0 ? ip : or(or(ip, test(IPV4_ENDS.arp)), test(IPV4_ENDS.rarp))
  }
  const ends = IPV4_ENDS[protocol]
  if (ends === undefined) throw ipv4Refusal(generation, protocol, kind)
  return test(ends)
}

function ipv4Refusal(generation: Generation, protocol: Protocol, kind: AddressKind): Error {
  const word = kind === 'net' ? 'net' : 'host'
  if (protocol === 'decnet') return generation.unsupported('addresses of DECnet are not supported')
  if (protocol === 'link') return generation.error(`link-layer modifier applied to ${word}`)
  if (protocol === 'ip6') return generation.error(`'ip6' modifier applied to ip ${word}`)
  const other = OTHER_ADDRESSES[protocol]
  if (other !== undefined) return generation.error(`${other} host filtering not implemented`)
  return generation.error(`'${protocol}' modifier applied to ${word}`)
}

function ipv4AtEnds(
  generation: Generation,
  { value, mask }: MaskedWord,
  [type, source, destination]: Ends,
  direction: Direction,
): Condition {
  return forEnds(direction, [source, destination], (offset) =>
    and(carries(generation, type), fieldEquals(generation, ['network', offset, 4], value, mask)),
  )
}

/** `host ::1`, `net 2001:db8::/32`. @param words the address's four words, first one first */
export function hasIpv6Address(
  generation: Generation,
  words: readonly MaskedWord[],
  protocol: Protocol,
  direction: Direction,
  kind: AddressKind,
): Condition {
  if (protocol !== 'default' && protocol !== 'ip6') throw ipv6Refusal(generation, protocol, kind)
  const [type, source, destination] = IPV6_ENDS
  return forEnds(direction, [source, destination], (offset) => {
    const tests = words.map(({ value, mask }, index) =>
      fieldEquals(generation, ['network', offset + 4 * index, 4], value, mask),
    )
    return [carries(generation, type), ...tests].reduceRight((later, test) => and(test, later))
  })
}

function ipv6Refusal(generation: Generation, protocol: Protocol, kind: AddressKind): Error {
  const word = kind === 'net' ? 'net' : 'host'
  return generation.error(
    protocol === 'link'
      ? `link-layer modifier applied to ip6 ${word}`
      : `'${protocol}' modifier applied to ip6 ${word}`,
  )
}

/** `ether host 02:00:00:00:00:01` */
export function hasMacAddress(generation: Generation, bytes: readonly number[], direction: Direction): Condition {
  const { source, destination } = generation.link
  if (source === undefined || destination === undefined) {
    throw generation.error(
      'ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel',
    )
  }
  return forEnds(direction, [source, destination], (offset) => bytesEqual(generation, 'link-header', offset, bytes))
}
