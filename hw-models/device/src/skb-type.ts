/** What the stack takes a frame for, by its Ethernet header. */
export interface SkbType {
  /** `skb->protocol` in the order of the wire: 0x0800 for IPv4. */
  readonly protocol: number
  /** PACKET_HOST 0, PACKET_BROADCAST 1, PACKET_MULTICAST 2, PACKET_OTHERHOST 3. @see include/uapi/linux/if_packet.h */
  readonly packetType: number
}

const PACKET = { HOST: 0, BROADCAST: 1, MULTICAST: 2, OTHERHOST: 3 } as const
const ADDRESS_BYTES = 6
/** Types from here on are protocols; what is less is a length. */
const ETH_P_802_3_MIN = 0x600
const ETH_P_802_3 = 0x0001
const ETH_P_802_2 = 0x0004
const HEADER_BYTES = 14

/** The frame at `offset` as it came in on an interface with address `mac`. @see eth_type_trans in net/ethernet/eth.c (6.12) */
export function ethTypeTrans(bytes: Uint8Array, offset: number, mac: readonly number[]): SkbType {
  return { protocol: protocolOf(bytes, offset), packetType: packetTypeOf(bytes, offset, mac) }
}

/** One word, never 0. */
export function packSkbType({ protocol, packetType }: SkbType): number {
  return (protocol << 8) | (packetType + 1)
}

export function unpackSkbType(word: number): SkbType {
  return { protocol: word >>> 8, packetType: (word & 0xff) - 1 }
}

/** Whether the destination address is a group's. */
export function isMulticast(bytes: Uint8Array, offset: number): boolean {
  return ((bytes[offset] as number) & 1) === 1
}

/** Whether the destination address is the interface's. */
export function isOwn(bytes: Uint8Array, offset: number, mac: readonly number[]): boolean {
  for (let n = 0; n < ADDRESS_BYTES; n++) if (bytes[offset + n] !== mac[n]) return false
  return true
}

/** The two bytes of the type or length. */
export function etherType(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset + 12] as number) << 8) | (bytes[offset + 13] as number)
}

function packetTypeOf(bytes: Uint8Array, offset: number, mac: readonly number[]): number {
  if (isOwn(bytes, offset, mac)) return PACKET.HOST
  if (!isMulticast(bytes, offset)) return PACKET.OTHERHOST
  for (let n = 0; n < ADDRESS_BYTES; n++) if (bytes[offset + n] !== 0xff) return PACKET.MULTICAST
  return PACKET.BROADCAST
}

function protocolOf(bytes: Uint8Array, offset: number): number {
  const type = etherType(bytes, offset)
  if (type >= ETH_P_802_3_MIN) return type
  // Novell's frames have no header of the logical link but a checksum that is never set.
  const novell = bytes[offset + HEADER_BYTES] === 0xff && bytes[offset + HEADER_BYTES + 1] === 0xff
  return novell ? ETH_P_802_3 : ETH_P_802_2
}
