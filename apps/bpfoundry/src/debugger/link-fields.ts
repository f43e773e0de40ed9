import type { SocketBuffer } from '@bpfoundry/cbpf'
import { ETHERTYPE, LINKTYPE } from '@bpfoundry/packet'

type Fields = Partial<SocketBuffer>

/** Not in LINKTYPE: nothing else here reads it. */
const LINKTYPE_LINUX_SLL = 113
const ARPHRD_ETHER = 1
const ARPHRD_RAWIP = 519
const IPV6 = 6

/** IP without a link layer. */
function rawFields(data: Uint8Array): Fields {
  const isIpv6 = (data[0] ?? 0) >> 4 === IPV6
  return { networkOffset: 0, packetType: 0, protocol: isIpv6 ? ETHERTYPE.IPV6 : ETHERTYPE.IPV4 }
}

const halfWord = (data: Uint8Array, at: number): number => ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0)

/** Linux's cooked captures tell whom a packet was for, and its EtherType. */
function cookedFields(data: Uint8Array): Fields {
  return { networkOffset: Math.min(16, data.length), packetType: halfWord(data, 0), protocol: halfWord(data, 14) }
}

const BY_LINK_TYPE: ReadonlyMap<number, (data: Uint8Array) => Fields> = new Map<number, (data: Uint8Array) => Fields>([
  [LINKTYPE.RAW, rawFields],
  [LINKTYPE_LINUX_SLL, cookedFields],
])

/** What a kernel would know of a captured packet, besides what a frame of Ethernet tells of itself. */
export function linkFields(data: Uint8Array, linkType: number, ifindex: number): Fields {
  const fields = BY_LINK_TYPE.get(linkType)?.(data) ?? {}
  return { ...fields, device: { ifindex, type: linkType === LINKTYPE.RAW ? ARPHRD_RAWIP : ARPHRD_ETHER } }
}
