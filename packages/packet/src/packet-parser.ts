import { type HeaderParser, isStop, type NextHeader, type ParseStop } from './header-parser.ts'
import { parseArp } from './headers/arp.ts'
import { parseEthernet } from './headers/ethernet.ts'
import { parseIcmp, parseIcmpv6 } from './headers/icmp.ts'
import { parseIpv4Header } from './headers/ipv4.ts'
import { parseIpv6Header } from './headers/ipv6.ts'
import { parseDestinationOptions, parseHopByHop, parseIpv6Fragment, parseRouting } from './headers/ipv6-extension.ts'
import { parseTcp } from './headers/tcp.ts'
import { parseUdp } from './headers/udp.ts'
import { parseVlan } from './headers/vlan.ts'
import type { Layer, LayerByName, LayerName } from './layer.ts'
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from './protocol-numbers.ts'

type ParserTable = Readonly<Record<number, HeaderParser<Layer>>>

/** LINKTYPE_RAW: the version in the first byte says which IP it is. */
const parseRawIp: HeaderParser<Layer> = (bytes, offsetBytes, endBytes) =>
  bytes[offsetBytes]! >> 4 === 6
    ? parseIpv6Header(bytes, offsetBytes, endBytes)
    : parseIpv4Header(bytes, offsetBytes, endBytes)

// biome-ignore format: table
const PARSERS: Readonly<Record<NextHeader['by'], ParserTable>> = {
  linkType: {
    [LINKTYPE.ETHERNET]:              parseEthernet,
    [LINKTYPE.RAW]:                   parseRawIp,
  },
  etherType: {
    [ETHERTYPE.IPV4]:                 parseIpv4Header,
    [ETHERTYPE.IPV6]:                 parseIpv6Header,
    [ETHERTYPE.ARP]:                  parseArp,
    [ETHERTYPE.VLAN]:                 parseVlan,
    [ETHERTYPE.QINQ]:                 parseVlan,
  },
  ipProtocol: {
    [IP_PROTOCOL.HOP_BY_HOP]:          parseHopByHop,
    [IP_PROTOCOL.ICMP]:                parseIcmp,
    [IP_PROTOCOL.IPIP]:                parseIpv4Header,
    [IP_PROTOCOL.TCP]:                 parseTcp,
    [IP_PROTOCOL.UDP]:                 parseUdp,
    [IP_PROTOCOL.IPV6]:                parseIpv6Header,
    [IP_PROTOCOL.ROUTING]:             parseRouting,
    [IP_PROTOCOL.FRAGMENT]:            parseIpv6Fragment,
    [IP_PROTOCOL.ICMPV6]:              parseIcmpv6,
    [IP_PROTOCOL.DESTINATION_OPTIONS]: parseDestinationOptions,
  },
}

/** A packet of a few hundred nested headers is an attack on its parser. */
const MAX_LAYERS = 32

/** What {@link parsePacket} made of a frame. */
export class ParsedPacket {
  /** Outermost first. */
  readonly layers: readonly Layer[]
  /** What the last header carries, without link-layer padding; a view of the frame. */
  readonly payload: Uint8Array
  readonly payloadOffsetBytes: number
  /** Why parsing ended early; undefined when it got to the payload of a known protocol. */
  readonly stop: ParseStop | undefined

  constructor(bytes: Uint8Array, layers: readonly Layer[], payload: [start: number, end: number], stop?: ParseStop) {
    this.layers = layers
    this.payloadOffsetBytes = payload[0]
    this.payload = bytes.subarray(payload[0], Math.max(payload[0], payload[1]))
    this.stop = stop
  }

  /** The outermost header of this kind. */
  find<Name extends LayerName>(name: Name): LayerByName[Name] | undefined {
    return this.all(name)[0]
  }

  /** All headers of this kind, outermost first: both VLAN tags of QinQ, both IP headers of a tunnel. */
  all<Name extends LayerName>(name: Name): LayerByName[Name][] {
    return this.layers.filter((layer): layer is LayerByName[Name] => layer.name === name)
  }
}

/**
 * Parses the headers of a frame as far as it can. Never throws: a frame that ends early, contradicts itself or carries
 * something unknown gives the headers before that place, and the reason.
 * @param linkType what the frame begins with: Ethernet or raw IP
 */
export function parsePacket(bytes: Uint8Array, linkType: number = LINKTYPE.ETHERNET): ParsedPacket {
  const layers: Layer[] = []
  let offset = 0
  let end = bytes.length
  let next: NextHeader | undefined = { by: 'linkType', value: linkType }
  const finish = (stop?: ParseStop): ParsedPacket => new ParsedPacket(bytes, layers, [offset, end], stop)
  while (next !== undefined) {
    if (next.by === 'ipProtocol' && next.value === IP_PROTOCOL.NO_NEXT_HEADER) return finish()
    const parser: HeaderParser<Layer> | undefined = PARSERS[next.by][next.value]
    if (parser === undefined) return finish(unknown(next, offset))
    if (layers.length === MAX_LAYERS) {
      return finish({ reason: 'too-many-headers', message: `more than ${MAX_LAYERS} headers`, offsetBytes: offset })
    }
    const step = parser(bytes, offset, end)
    if (isStop(step)) return finish(step)
    layers.push(step.layer)
    offset += step.layer.lengthBytes
    end = Math.min(end, step.endBytes ?? end)
    if (step.stop !== undefined) return finish(step.stop)
    next = step.next
  }
  return finish()
}

function unknown({ by, value }: NextHeader, offsetBytes: number): ParseStop {
  const number = by === 'etherType' ? `0x${value.toString(16).padStart(4, '0')}` : value
  return { reason: 'unknown-protocol', message: `no parser for ${by} ${number}`, offsetBytes }
}
