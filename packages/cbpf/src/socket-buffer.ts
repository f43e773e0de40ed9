/** What a classic program can know of the device that a packet came from. */
export interface NetworkDevice {
  readonly ifindex: number
  /** ARPHRD_*: 1 is Ethernet, 772 loopback. */
  readonly type: number
}

/** The part of a kernel's socket buffer (skb) that classic programs can see. */
export interface SocketBuffer {
  /** The headroom, then the linear part of the packet. */
  readonly head: Uint8Array
  /** Where in `head` the packet begins. Headers of lower layers may lie before; negative offsets reach them. */
  readonly headroomBytes: number
  /** What of the packet lies elsewhere, behind the linear part. */
  readonly fragments: readonly Uint8Array[]
  /** Where the network header begins, from the packet's begin on: what SKF_NET_OFF is relative to. */
  readonly networkOffset: number
  /** Where the link layer's header begins: what SKF_LL_OFF is relative to; absent where none was noted. */
  readonly macOffset?: number
  /** EtherType. */
  readonly protocol: number
  /** PACKET_HOST 0, PACKET_BROADCAST 1, PACKET_MULTICAST 2, PACKET_OTHERHOST 3 ... */
  readonly packetType: number
  readonly mark: number
  readonly hash: number
  readonly queueMapping: number
  /** TCI and TPID of a tag that the card took out of the packet; both 0: there was none. */
  readonly vlanTag: number
  readonly vlanProtocol: number
  readonly device?: NetworkDevice
  /** Bytes that the packet had on the wire, which are its length where it was cut off when it was captured. */
  readonly wireBytes?: number
}

/** What a machine knows that the packet does not say. */
export interface ClassicHost {
  readonly cpu: number
  /** An unsigned number of 32 bits. */
  random(): number
}

/** Bytes of the linear part. */
export function linearBytes({ head, headroomBytes }: SocketBuffer): number {
  return head.length - headroomBytes
}

/** Bytes of the whole packet: what `#pktlen` is. */
export function packetBytes(buffer: SocketBuffer): number {
  return buffer.fragments.reduce((sum, { length }) => sum + length, linearBytes(buffer))
}

const ETHERNET_BYTES = 14

/**
 * The buffer of a frame that a socket sees from its link-layer header on, as AF_PACKET sockets do and tcpdump's captures
 * have it: linear, network header behind 14 bytes.
 *
 * @param fields what is not 0 or absent
 */
export function frameBuffer(frame: Uint8Array, fields: Partial<SocketBuffer> = {}): SocketBuffer {
  const protocol = frame.length < ETHERNET_BYTES ? 0 : ((frame[12] as number) << 8) | (frame[13] as number)
  return {
    head: frame,
    headroomBytes: 0,
    fragments: [],
    networkOffset: Math.min(ETHERNET_BYTES, frame.length),
    macOffset: 0,
    protocol,
    packetType: 0,
    mark: 0,
    hash: 0,
    queueMapping: 0,
    vlanTag: 0,
    vlanProtocol: 0,
    ...fields,
  }
}
