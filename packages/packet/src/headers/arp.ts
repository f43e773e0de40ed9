import type { HeaderBuilder } from '../header-builder.ts'
import { type HeaderLayout, headerLayout } from '../header-layout.ts'
import { type HeaderParser, type LayerPlace, truncated } from '../header-parser.ts'
import { ETHERTYPE } from '../protocol-numbers.ts'

/** An ARP packet for IPv4 over Ethernet (RFC 826). */
export interface ArpHeader {
  readonly hardwareType: number
  readonly protocolType: number
  readonly hardwareLengthBytes: number
  readonly protocolLengthBytes: number
  /** 1 request, 2 reply. */
  readonly operation: number
  readonly senderMac: string
  readonly senderIp: string
  readonly targetMac: string
  readonly targetIp: string
}

export interface ArpLayer extends ArpHeader, LayerPlace {
  readonly name: 'arp'
}

/** A packet to build: a request unless `operation` says otherwise. */
export interface ArpFields extends Partial<ArpHeader> {
  readonly senderIp: string
  readonly targetIp: string
}

export const ARP_OPERATION = { REQUEST: 1, REPLY: 2 } as const

const layout: HeaderLayout<ArpHeader> = headerLayout('arp', [
  ['hardwareType', 16],
  ['protocolType', 16],
  ['hardwareLengthBytes', 8],
  ['protocolLengthBytes', 8],
  ['operation', 16],
  ['senderMac', 48, 'mac'],
  ['senderIp', 32, 'ipv4'],
  ['targetMac', 48, 'mac'],
  ['targetIp', 32, 'ipv4'],
])

const ETHERNET_IPV4 = {
  hardwareType: 1,
  protocolType: ETHERTYPE.IPV4,
  hardwareLengthBytes: 6,
  protocolLengthBytes: 4,
} as const

export function arp(fields: ArpFields): HeaderBuilder {
  return {
    name: 'arp',
    lengthBytes: layout.lengthBytes,
    etherType: ETHERTYPE.ARP,
    write: (frame, { offsetBytes }) =>
      layout.write(frame, offsetBytes, {
        ...ETHERNET_IPV4,
        operation: ARP_OPERATION.REQUEST,
        senderMac: '02:00:00:00:00:01',
        targetMac: '00:00:00:00:00:00',
        ...fields,
      }),
  }
}

export const parseArp: HeaderParser<ArpLayer> = (bytes, offsetBytes, endBytes) => {
  const { lengthBytes } = layout
  if (offsetBytes + lengthBytes > endBytes) return truncated('arp', offsetBytes, endBytes, lengthBytes)
  const layer = layout.read(bytes, offsetBytes, { name: 'arp', offsetBytes, lengthBytes } as const)
  const foreign = Object.entries(ETHERNET_IPV4).find(([name, value]) => layer[name as keyof ArpHeader] !== value)
  if (foreign !== undefined) {
    return {
      reason: 'unknown-protocol',
      message: `ARP that is not for IPv4 over Ethernet (${foreign[0]})`,
      offsetBytes,
    }
  }
  return { layer }
}
