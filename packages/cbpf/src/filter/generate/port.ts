import { and, type Condition, comparison, not, or } from '../condition.ts'
import { ETHER_TYPE } from '../names/ether-types.ts'
import { IP_PROTOCOL } from '../names/protocols.ts'
import { OP } from '../opcodes.ts'
import type { Direction } from '../qualifiers.ts'
import { forEnds } from './direction.ts'
import type { Generation } from './generation.ts'
import { carries } from './link-protocol.ts'
import { type FieldBase, fieldAtLeast, fieldAtMost, fieldEquals, loadField } from './packet-field.ts'
import { IPV6_NEXT_HEADER_AT } from './protocol-number.ts'

/** Transports that have ports. */
export type PortProtocol = 'tcp' | 'udp' | 'sctp'

/** Ports from one to another, both included. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Where transport headers have the ports. */
const PORT_OFFSETS = [0, 2] as const

const IPV4_PROTOCOL_AT = 9
const IPV4_FRAGMENT_AT = 6
const FRAGMENT_OFFSET_BITS = 0x1fff

type PortTest = (base: FieldBase, offset: number) => Condition

/** `tcp port 80`. @param protocol undefined for any that has ports */
export function hasPort(
  generation: Generation,
  port: number,
  protocol: PortProtocol | undefined,
  direction: Direction,
): Condition {
  return hasPorts(generation, protocol, direction, (base, offset) => fieldEquals(generation, [base, offset, 2], port))
}

/** `tcp portrange 6000-6008` */
export function hasPortInRange(
  generation: Generation,
  { first, last }: PortRange,
  protocol: PortProtocol | undefined,
  direction: Direction,
): Condition {
  const [low, high] = first > last ? [last, first] : [first, last]
  return hasPorts(generation, protocol, direction, (base, offset) =>
    and(fieldAtLeast(generation, [base, offset, 2], low), fieldAtMost(generation, [base, offset, 2], high)),
  )
}

/** In packets of IPv6, then in those of IPv4. */
function hasPorts(
  generation: Generation,
  protocol: PortProtocol | undefined,
  direction: Direction,
  test: PortTest,
): Condition {
  const numbers =
    protocol === undefined ? [IP_PROTOCOL.sctp, IP_PROTOCOL.tcp, IP_PROTOCOL.udp] : [IP_PROTOCOL[protocol]]
  const over = (type: number, one: (number: number) => Condition): Condition =>
    and(carries(generation, type), anyOf(numbers.map(one)))
  return or(
    over(ETHER_TYPE.ip6, (number) => ipv6Port(generation, number, direction, test)),
    over(ETHER_TYPE.ip, (number) => ipv4Port(generation, number, direction, test)),
  )
}

/** One after the other, grouped from the right. */
function anyOf(tests: readonly Condition[]): Condition {
  return tests.reduceRight((later, test) => or(test, later))
}

function ipv6Port(generation: Generation, number: number, direction: Direction, test: PortTest): Condition {
  return and(
    fieldEquals(generation, ['network', IPV6_NEXT_HEADER_AT, 1], number),
    forEnds(direction, PORT_OFFSETS, (offset) => test('ipv6-transport', offset)),
  )
}

/** Only the first fragment has ports. */
function ipv4Port(generation: Generation, number: number, direction: Direction, test: PortTest): Condition {
  const isFirst = and(fieldEquals(generation, ['network', IPV4_PROTOCOL_AT, 1], number), isFirstFragment(generation))
  return and(
    isFirst,
    forEnds(direction, PORT_OFFSETS, (offset) => test('ipv4-transport', offset)),
  )
}

/** A packet of IPv4 has the start of what it carries. */
export function isFirstFragment(generation: Generation): Condition {
  return not(comparison(OP.JSET_K, FRAGMENT_OFFSET_BITS, loadField(generation, 'network', IPV4_FRAGMENT_AT, 2)))
}
