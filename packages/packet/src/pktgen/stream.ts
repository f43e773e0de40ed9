/** The protocols that a generated packet can carry. */
export type PktgenProtocol = 'udp' | 'tcp' | 'icmp'

/** An inclusive range of numbers; both ends equal for a fixed value. */
export interface NumberRange {
  readonly min: number
  readonly max: number
}

/** IPv4 addresses: the first as a number, and how many follow each other from there. */
export interface Ipv4Range {
  readonly family: 4
  readonly first: number
  /** 1 to 2^32. */
  readonly count: number
}

/** IPv6 addresses of a prefix; the bits behind it vary. */
export interface Ipv6Range {
  readonly family: 6
  readonly address: Uint8Array
  readonly prefixBits: number
}

export type AddressRange = Ipv4Range | Ipv6Range

/** One kind of packets in the traffic; see the table of keys in `pktgen/spec.ts` for what the fields mean. */
export interface PktgenStream {
  /** Its share of the traffic is this over the sum of all weights. */
  readonly weight: number
  readonly protocol: PktgenProtocol
  readonly src: AddressRange
  readonly dst: AddressRange
  /** Sources one after the other instead of at random. */
  readonly srcOrder: 'random' | 'sequential'
  readonly srcPort: NumberRange
  readonly dstPort: NumberRange
  /** Of the Ethernet frame without its checksum, as pktgen's pkt_size counts. */
  readonly frameLengthBytes: NumberRange
  /** How many distinct flows (addresses and ports) there are; undefined: each packet draws its own. */
  readonly flows: number | undefined
  readonly srcMac: string
  readonly dstMac: string
  readonly vlanId: number | undefined
  readonly ttl: number
  readonly tos: number
  readonly tcpFlags: number
}

/** A whole traffic specification. */
export interface PktgenSpec {
  /** How many packets; Infinity for traffic without end. */
  readonly count: number
  readonly packetsPerSecond: number
  readonly seed: number
  readonly streams: readonly PktgenStream[]
}
