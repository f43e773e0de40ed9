import { readBuffer } from './packet-load.ts'
import { packetBytes, type SocketBuffer } from './socket-buffer.ts'

/** Where the transport header is, and what it is. */
export interface Transport {
  readonly offsetBytes: number
  readonly protocol: number
  /** Of a datagram in fragments: whether this one has its transport header. */
  readonly fragment: 'none' | 'first' | 'later'
}

/** Headers within headers that are followed. */
const MAX_HEADERS = 15
const MAX_OFFSET = 0xffff

/** What a header says of what follows: go on with another protocol of the link or of IP, or stop. */
type Step = 'link' | 'ip' | 'done' | 'bad'

interface Walk {
  readonly buffer: SocketBuffer
  /** EtherType of what comes next. */
  link: number
  /** IP protocol of what comes next. */
  ip: number
  at: number
  vlans: number
  fragment: Transport['fragment']
}

type Header = (walk: Walk) => Step

const read = ({ buffer, at }: Walk, offset: number, bytes: number): number | undefined =>
  readBuffer(buffer, at + offset, bytes)

/**
 * Follows the headers from the network header on, as the kernel's flow dissector does when it is asked for no keys but
 * the transport's: VLAN tags, PPPoE, IPv4, IPv6 and its extension headers, GRE, IP in IP, HSR, batman-adv.
 *
 * @returns undefined where a header is cut off or of no known protocol
 * @see __skb_flow_dissect in the kernel's net/core/flow_dissector.c
 */
export function dissectTransport(buffer: SocketBuffer): Transport | undefined {
  const { vlanTag, vlanProtocol, protocol, networkOffset } = buffer
  const tagged = (vlanTag | vlanProtocol) !== 0
  const link = tagged ? vlanProtocol : protocol
  const walk: Walk = { buffer, link, ip: 0, at: networkOffset, vlans: 0, fragment: 'none' }
  if (!follow(walk)) return undefined
  const offsetBytes = Math.min(walk.at >>> 0, packetBytes(buffer))
  return offsetBytes > MAX_OFFSET ? undefined : { offsetBytes, protocol: walk.ip, fragment: walk.fragment }
}

function follow(walk: Walk): boolean {
  let step: Step = 'link'
  for (let headers = 0; headers <= MAX_HEADERS; headers++) {
    if (step === 'link') step = LINK_HEADERS.get(walk.link)?.(walk) ?? 'bad'
    // What follows an IP header belongs to it: not counted.
    if (step === 'ip') step = IP_HEADERS.get(walk.ip)?.(walk) ?? 'done'
    if (step === 'done' || step === 'bad') return step === 'done'
  }
  return true
}

const ETH_P_IP = 0x0800
const ETH_P_IPV6 = 0x86dd
const ETH_P_MPLS_UC = 0x8847
const ETH_P_MPLS_MC = 0x8848
const ETH_P_TEB = 0x6558

/** Steps over `bytes` where they are all there. */
function fixed(bytes: number, next: (walk: Walk) => Step): Header {
  return (walk) => {
    if (read(walk, bytes - 1, 1) === undefined) return 'bad'
    const step = next(walk)
    walk.at += bytes
    return step
  }
}

const ipv4: Header = (walk) => {
  const first = read(walk, 0, 1)
  const fragment = read(walk, 6, 2)
  if (first === undefined || fragment === undefined || read(walk, 16, 4) === undefined) return 'bad'
  const headerBytes = (first & 0xf) * 4
  if (headerBytes < 20) return 'bad'
  walk.ip = read(walk, 9, 1) as number
  walk.at += headerBytes
  if ((fragment & 0x3fff) === 0) return 'ip'
  walk.fragment = (fragment & 0x1fff) === 0 ? 'first' : 'later'
  return 'done'
}

const ipv6: Header = fixed(40, (walk) => {
  walk.ip = read(walk, 6, 1) as number
  return 'ip'
})

/** The first tag may be one that the card took out. */
const vlan: Header = (walk) => {
  const { buffer } = walk
  const takenOut = walk.vlans++ === 0 && (buffer.vlanTag | buffer.vlanProtocol) !== 0
  if (takenOut) {
    walk.link = buffer.protocol
    return 'link'
  }
  const inner = read(walk, 2, 2)
  if (inner === undefined) return 'bad'
  walk.link = inner
  walk.at += 4
  return 'link'
}

const PPP_LINKS: ReadonlyMap<number, number> = new Map([
  [0x0021, ETH_P_IP],
  [0x0057, ETH_P_IPV6],
  [0x0281, ETH_P_MPLS_UC],
  [0x0283, ETH_P_MPLS_MC],
])

/** Version 1, type 1, code 0; the PPP protocol behind it in two bytes. */
const pppoe: Header = fixed(8, (walk) => {
  if (read(walk, 0, 2) !== 0x1100) return 'bad'
  const protocol = read(walk, 6, 2) as number
  const link = PPP_LINKS.get(protocol)
  if (link === undefined) return (protocol & 0x0101) === 0x0001 ? 'done' : 'bad'
  walk.link = link
  return 'link'
})

const hsr: Header = fixed(6, (walk) => {
  walk.link = read(walk, 4, 2) as number
  return 'link'
})

/** Version 15, unicast, an Ethernet header behind it. */
const batman: Header = fixed(24, (walk) => {
  if (read(walk, 0, 2) !== 0x400f) return 'bad'
  walk.link = read(walk, 22, 2) as number
  return 'link'
})

/** FCoE is looked for in the linear part only. */
const fcoe: Header = (walk) => {
  const { head, headroomBytes } = walk.buffer
  if (head.length - headroomBytes - walk.at < 38) return 'bad'
  walk.at += 38
  return 'done'
}

/** Not looked into: the label is stepped over though it be missing. */
const mpls: Header = (walk) => {
  walk.at += 4
  return 'done'
}

const stop: Header = () => 'done'

const LINK_HEADERS: ReadonlyMap<number, Header> = new Map<number, Header>([
  [ETH_P_IP, ipv4],
  [ETH_P_IPV6, ipv6],
  [0x8100, vlan],
  [0x88a8, vlan],
  [0x8864, pppoe],
  [0x88ca, (walk) => (read(walk, 15, 1) === undefined ? 'bad' : 'done')], // TIPC
  [ETH_P_MPLS_UC, mpls],
  [ETH_P_MPLS_MC, mpls],
  [0x8906, fcoe],
  [0x0806, stop], // ARP
  [0x8035, stop], // RARP
  [0x4305, batman],
  [0x88f7, fixed(34, () => 'done')], // PTP
  [0x88fb, hsr], // PRP
  [0x892f, hsr],
  [0x8902, stop], // CFM
])

const GRE = { CHECKSUM: 0x8000, ROUTING: 0x4000, KEY: 0x2000, SEQUENCE: 0x1000, ACKNOWLEDGE: 0x0080, VERSION: 7 }
const GRE_PPP = 0x880b

const gre: Header = (walk) => {
  const flags = read(walk, 0, 2)
  const protocol = read(walk, 2, 2)
  if (flags === undefined || protocol === undefined) return 'bad'
  const version = flags & GRE.VERSION
  if ((flags & GRE.ROUTING) !== 0 || version > 1) return 'done'
  walk.link = protocol
  if (version === 1 && !(protocol === GRE_PPP && (flags & GRE.KEY) !== 0)) return 'done'
  let bytes = 4 + ((flags & GRE.CHECKSUM) === 0 ? 0 : 4)
  if ((flags & GRE.KEY) !== 0) {
    if (read(walk, bytes, 4) === undefined) return 'bad'
    bytes += 4
  }
  if ((flags & GRE.SEQUENCE) !== 0) bytes += 4
  return version === 0 ? greEthernet(walk, bytes) : grePpp(walk, flags, bytes)
}

function greEthernet(walk: Walk, bytes: number): Step {
  let inner = 0
  if (walk.link === ETH_P_TEB) {
    const link = read(walk, bytes + 12, 2)
    if (link === undefined) return 'bad'
    walk.link = link
    inner = 14
  }
  walk.at += bytes + inner
  return 'link'
}

function grePpp(walk: Walk, flags: number, bytes: number): Step {
  const header = bytes + ((flags & GRE.ACKNOWLEDGE) === 0 ? 0 : 4)
  const protocol = read(walk, header + 2, 2)
  if (protocol === undefined) return 'bad'
  const link = PPP_LINKS.get(protocol)
  if (link === ETH_P_IP || link === ETH_P_IPV6) walk.link = link
  walk.at += header + 4
  return 'link'
}

function encapsulated(link: number): Header {
  return (walk) => {
    walk.link = link
    return 'link'
  }
}

/** Hop-by-hop, routing and destination options: next header, length in units of 8 bytes. */
const options: Header = (walk) => {
  if (walk.link !== ETH_P_IPV6) return 'done'
  const header = read(walk, 0, 2)
  if (header === undefined) return 'bad'
  walk.ip = header >> 8
  walk.at += ((header & 0xff) + 1) * 8
  return 'ip'
}

const fragmentHeader: Header = (walk) => {
  if (walk.link !== ETH_P_IPV6) return 'done'
  const header = read(walk, 0, 4)
  if (header === undefined || read(walk, 7, 1) === undefined) return 'bad'
  walk.fragment = (header & 0xfff8) === 0 ? 'first' : 'later'
  walk.ip = header >>> 24
  walk.at += 8
  return 'done'
}

const IP_HEADERS: ReadonlyMap<number, Header> = new Map<number, Header>([
  [0, options],
  [43, options],
  [60, options],
  [44, fragmentHeader],
  [47, gre],
  [4, encapsulated(ETH_P_IP)],
  [41, encapsulated(ETH_P_IPV6)],
  [137, encapsulated(ETH_P_MPLS_UC)],
])
