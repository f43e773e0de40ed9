import type { Statement } from '../block.ts'
import { and, type Condition } from '../condition.ts'
import { IP_PROTOCOL } from '../names/protocols.ts'
import type { LoadBytes } from '../opcodes.ts'
import type { Protocol } from '../qualifiers.ts'
import type { Generation } from './generation.ts'
import { fieldEquals, loadIpv4HeaderLength } from './packet-field.ts'
import { isFirstFragment } from './port.ts'
import { isProtocol } from './protocol-abbreviation.ts'
import { IPV6_NEXT_HEADER_AT } from './protocol-number.ts'

/** How the bytes of a header are reached. */
export interface HeaderKind {
  /** Where it starts, less the length of an IPv4 header before it. */
  readonly offset: number
  /** Puts that length into X. */
  readonly lengthIntoX?: Statement
  /** What a packet has to be, and what its index needs. */
  readonly checks?: (ofIndex: Condition | undefined) => Condition
}

const IPV6_HEADER_BYTES = 40

const NETWORK: readonly Protocol[] = ['ip', 'arp', 'rarp', 'atalk', 'decnet', 'lat', 'sca', 'moprc', 'mopdl', 'ip6']
const TRANSPORT: readonly Protocol[] = ['sctp', 'tcp', 'udp', 'icmp', 'igmp', 'igrp', 'pim', 'vrrp', 'carp']

const KINDS: ReadonlyMap<Protocol, (generation: Generation, protocol: Protocol) => HeaderKind> = new Map([
  ['link', linkHeader],
  ['icmp6', icmp6Header],
  ...NETWORK.map((protocol) => [protocol, networkHeader] as const),
  ...TRANSPORT.map((protocol) => [protocol, transportHeader] as const),
])

/** What `PROTOCOL[...]` reads. */
export function headerKind(generation: Generation, protocol: Protocol): HeaderKind {
  const kind = KINDS.get(protocol)
  if (kind !== undefined) return kind(generation, protocol)
  throw generation.error(
    protocol === 'radio' ? 'radio information not present in capture' : 'unsupported index operation',
  )
}

export function isIndexable(bytes: number): bytes is LoadBytes {
  return bytes === 1 || bytes === 2 || bytes === 4
}

const join = (ofIndex: Condition | undefined, test: Condition): Condition =>
  ofIndex === undefined ? test : and(ofIndex, test)

function linkHeader({ linkHeader: offset }: Generation): HeaderKind {
  return { offset }
}

function networkHeader(generation: Generation, protocol: Protocol): HeaderKind {
  return {
    offset: generation.payload + generation.network,
    checks: (ofIndex) => join(ofIndex, isProtocol(generation, protocol)),
  }
}

/** Over IPv4 only, and not in later fragments. */
function transportHeader(generation: Generation, protocol: Protocol): HeaderKind {
  return {
    offset: generation.payload + generation.network,
    lengthIntoX: loadIpv4HeaderLength(generation),
    checks: (ofIndex) => {
      const test = and(isProtocol(generation, protocol), isFirstFragment(generation))
      return and(isProtocol(generation, 'ip'), join(ofIndex, test))
    },
  }
}

function icmp6Header(generation: Generation): HeaderKind {
  return {
    offset: generation.payload + generation.network + IPV6_HEADER_BYTES,
    checks: (ofIndex) => {
      const overIpv6 = join(ofIndex, isProtocol(generation, 'ip6'))
      return and(overIpv6, fieldEquals(generation, ['network', IPV6_NEXT_HEADER_AT, 1], IP_PROTOCOL.icmp6))
    },
  }
}
