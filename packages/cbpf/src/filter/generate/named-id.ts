import { nearestNames } from '@bpfoundry/diagnostics'
import type { Condition } from '../condition.ts'
import { ETHER_TYPE_NAMES, etherTypeNamed } from '../names/ether-types.ts'
import { ISO_PROTOCOL_NAMES, isoProtocolNamed, PROTOCOL_NAMES, protocolNamed } from '../names/protocols.ts'
import { SERVICE_NAMES, type Service, serviceNamed } from '../names/services.ts'
import type { Protocol, Qualifiers } from '../qualifiers.ts'
import type { Generation } from './generation.ts'
import { headerChain } from './header-chain.ts'
import { hasPort, hasPortInRange, type PortProtocol } from './port.ts'
import { protocolCarries } from './protocol-number.ts'

type ByName = (generation: Generation, name: string, qualifiers: Qualifiers) => Condition

/** What a name is, by the qualifiers before it. */
// biome-ignore format: table
const BY_ADDRESS_KIND: Readonly<Record<Qualifiers['address'], ByName>> = {
  default:    (generation, name, { protocol }) => { throw unknownHost(generation, name, protocol) },
  host:       (generation, name, { protocol }) => { throw unknownHost(generation, name, protocol) },
  net:        (generation, name) => { throw generation.unknownName(`unknown network '${name}'`, NO_LOOK_UP) },
  gateway:    (generation) => { throw generation.error("'gateway' not supported in this configuration") },
  port:       namedPort,
  portrange:  namedRange,
  proto:      namedProtocol,
  protochain: namedChain,
}

const NO_LOOK_UP = 'names of hosts and networks are not looked up: write the address'

/** `port http`, `ip proto \icmp` */
export function namedId(generation: Generation, name: string, qualifiers: Qualifiers): Condition {
  return BY_ADDRESS_KIND[qualifiers.address](generation, name, qualifiers)
}

function unknownHost(generation: Generation, name: string, protocol: Protocol): Error {
  if (protocol === 'link') return generation.unknownName(`unknown ether host '${name}'`, NO_LOOK_UP)
  if (protocol === 'decnet') return generation.unsupported('addresses of DECnet are not supported')
  return generation.unknownName(`unknown host '${name}'`, NO_LOOK_UP)
}

/** Protocols that qualify ports; undefined for none. @throws CbpfError CBPF_FILTER_MEANING */
export function portProtocol(generation: Generation, protocol: Protocol, word: string): PortProtocol | undefined {
  if (protocol === 'default') return undefined
  if (protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp') return protocol
  throw generation.error(`illegal qualifier of '${word}'`)
}

function namedPort(generation: Generation, name: string, { protocol, direction }: Qualifiers): Condition {
  const wanted = portProtocol(generation, protocol, 'port')
  const service = serviceNamed(name)
  if (service === undefined) {
    const hint = `a number, or a service: ${nearestNames(name, SERVICE_NAMES)}`
    throw generation.unknownName(`unknown port '${name}'`, hint)
  }
  return hasPort(generation, service.port, transportOf(generation, name, service, wanted), direction)
}

/** The transport that is told, else the one that the service has; undefined for any. */
function transportOf(
  generation: Generation,
  name: string,
  { transports }: Service,
  wanted: PortProtocol | undefined,
): PortProtocol | undefined {
  const only = transports.length === 1 ? transports[0] : undefined
  if (wanted === undefined || only === undefined || wanted === only) return wanted ?? only
  throw generation.error(`port '${name}' is ${only}`)
}

const MAX_PORT = 65535

/** `6000-6008`, also with names. */
function namedRange(generation: Generation, name: string, { protocol, direction }: Qualifiers): Condition {
  const wanted = portProtocol(generation, protocol, 'portrange')
  const ends = rangeEnds(name)
  if (ends === undefined) {
    throw generation.unknownName(
      `unknown port in range '${name}'`,
      'two ports with a minus sign between them: 6000-6008',
    )
  }
  const transports = new Set(ends.map(({ transport }) => transport))
  const shared = transports.size === 1 ? [...transports][0] : undefined
  for (const { port } of ends) refuseHighPort(generation, port)
  const [first, last] = [ends[0].port, ends[1].port]
  return hasPortInRange(generation, { first, last }, wanted ?? shared, direction)
}

interface RangeEnd {
  readonly port: number
  readonly transport: PortProtocol | undefined
}

/** Every minus sign may be the one between the ports: names have some, too. The first one counts. */
function rangeEnds(text: string): readonly [RangeEnd, RangeEnd] | undefined {
  const dash = text.indexOf('-')
  if (dash < 0) return undefined
  const first = rangeEnd(text.slice(0, dash))
  const last = rangeEnd(text.slice(dash + 1))
  return first === undefined || last === undefined ? undefined : [first, last]
}

function rangeEnd(text: string): RangeEnd | undefined {
  if (/^[0-9]{1,9}$/.test(text)) return { port: Number(text), transport: undefined }
  const service = serviceNamed(text)
  if (service === undefined) return undefined
  return { port: service.port, transport: service.transports.length === 1 ? service.transports[0] : undefined }
}

/** @throws CbpfError CBPF_FILTER_MEANING */
export function refuseHighPort(generation: Generation, port: number): void {
  if (port > MAX_PORT) throw generation.error(`illegal port number ${port} > ${MAX_PORT}`)
}

function namedProtocol(generation: Generation, name: string, { protocol }: Qualifiers): Condition {
  return protocolCarries(generation, protocol, protocolNumber(generation, name, protocol))
}

function namedChain(generation: Generation, name: string, { protocol }: Qualifiers): Condition {
  return headerChain(generation, protocol, protocolNumber(generation, name, protocol))
}

/** By qualifier: what libpcap calls the numbers inside, and whose names they have. */
// biome-ignore format: table
const NUMBER_NAMES: Partial<Readonly<Record<Protocol, readonly [word: string, find: FindNumber, names: readonly string[]]>>> = {
  default: ['ip proto',    protocolNamed,  PROTOCOL_NAMES],
  ip:      ['ip proto',    protocolNamed,  PROTOCOL_NAMES],
  ip6:     ['ip proto',    protocolNamed,  PROTOCOL_NAMES],
  iso:     ['osi proto',   isoProtocolNamed, ISO_PROTOCOL_NAMES],
  link:    ['ether proto', etherTypeNamed, ETHER_TYPE_NAMES],
}

type FindNumber = (name: string) => number | undefined

function protocolNumber(generation: Generation, name: string, protocol: Protocol): number {
  const row = NUMBER_NAMES[protocol]
  if (row === undefined) throw generation.unknownName(`unknown protocol: ${name}`, 'no names are known inside of it')
  const [word, find, names] = row
  const number = find(name)
  if (number !== undefined) return number
  throw generation.unknownName(`unknown ${word} '${name}'`, `a number, or a name: ${nearestNames(name, names)}`)
}
