import { internetChecksum } from './checksum.ts'
import { routedPseudoHeader } from './headers/ipv6-extension.ts'
import type { Layer } from './layer.ts'
import { parsePacket } from './packet-parser.ts'
import { IP_PROTOCOL } from './protocol-numbers.ts'
import { type PseudoHeader, pseudoHeaderAt, transportChecksum } from './pseudo-header.ts'

/** Whether one checksum of a frame is right. */
export interface ChecksumVerdict {
  readonly layer: 'ipv4' | 'icmp' | 'icmpv6' | 'tcp' | 'udp'
  readonly offsetBytes: number
  /** 'none': UDP over IPv4 sent without. 'partial': a fragment or a cut frame does not hold all that is covered. */
  readonly verdict: 'correct' | 'wrong' | 'none' | 'partial'
}

// biome-ignore format: table
const PROTOCOL_OF = {
  icmp: IP_PROTOCOL.ICMP, icmpv6: IP_PROTOCOL.ICMPV6, tcp: IP_PROTOCOL.TCP, udp: IP_PROTOCOL.UDP,
} as const

/** Where the content of the IP header at hand ends, and what checksums within it cover. */
interface IpContext {
  readonly pseudo: PseudoHeader
  readonly endBytes: number
  readonly isFragment: boolean
}

/** Checks every checksum of a frame, outermost first. */
export function verifyChecksums(bytes: Uint8Array, linkType?: number): ChecksumVerdict[] {
  const verdicts: ChecksumVerdict[] = []
  let ip: IpContext | undefined
  for (const layer of parsePacket(bytes, linkType).layers) {
    const verdict = verdictOf(bytes, layer, ip)
    if (verdict !== undefined) verdicts.push({ ...verdict, offsetBytes: layer.offsetBytes })
    ip = contextAfter(bytes, layer, ip)
  }
  return verdicts
}

function contextAfter(bytes: Uint8Array, layer: Layer, ip: IpContext | undefined): IpContext | undefined {
  const { offsetBytes } = layer
  switch (layer.name) {
    case 'ipv4': {
      const isFragment = layer.moreFragments || layer.fragmentOffset !== 0
      return {
        pseudo: pseudoHeaderAt(bytes, 4, offsetBytes + 12),
        endBytes: offsetBytes + layer.totalLength,
        isFragment,
      }
    }
    case 'ipv6': {
      const endBytes = offsetBytes + layer.lengthBytes + layer.payloadLength
      return { pseudo: pseudoHeaderAt(bytes, 6, offsetBytes + 8), endBytes, isFragment: false }
    }
    case 'routing':
      return ip && { ...ip, pseudo: routedPseudoHeader(bytes, offsetBytes, ip.pseudo) }
    case 'ipv6Fragment':
      return ip && { ...ip, isFragment: layer.moreFragments || layer.fragmentOffset !== 0 }
    default:
      return ip
  }
}

function verdictOf(
  bytes: Uint8Array,
  layer: Layer,
  ip: IpContext | undefined,
): Omit<ChecksumVerdict, 'offsetBytes'> | undefined {
  const { name, offsetBytes, lengthBytes } = layer
  if (name === 'ipv4') {
    const isRight = internetChecksum(bytes, offsetBytes, lengthBytes) === 0
    return { layer: name, verdict: isRight ? 'correct' : 'wrong' }
  }
  if (ip === undefined || (name !== 'icmp' && name !== 'icmpv6' && name !== 'tcp' && name !== 'udp')) return undefined
  if (name === 'udp' && layer.checksum === 0 && ip.pseudo.family === 4) return { layer: name, verdict: 'none' }
  const endBytes = name === 'udp' ? offsetBytes + layer.length : ip.endBytes
  if (ip.isFragment || endBytes > bytes.length) return { layer: name, verdict: 'partial' }
  const pseudo = name === 'icmp' ? undefined : ip.pseudo
  const rest = transportChecksum(bytes, offsetBytes, endBytes - offsetBytes, PROTOCOL_OF[name], pseudo)
  return { layer: name, verdict: rest === 0 ? 'correct' : 'wrong' }
}
