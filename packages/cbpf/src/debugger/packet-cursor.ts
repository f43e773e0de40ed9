import { frameBuffer, type SocketBuffer } from '../socket-buffer.ts'

/** A captured packet. */
export interface DebuggerPacket {
  readonly data: Uint8Array
  /** Bytes on the wire, which `#len` gives: more than `data` has where it was cut off. */
  readonly lengthBytes: number
  /** What a frame of Ethernet does not tell of itself: `ifindex`, where the network header begins ... */
  readonly fields?: Partial<SocketBuffer>
}

const PACKET_BROADCAST = 1
const PACKET_MULTICAST = 2

/** Who a frame is for; the machine is taken for the receiver of all that is for one. */
function packetType({ data }: DebuggerPacket): number {
  const group = ((data[0] ?? 0) & 1) === 1
  if (!group) return 0
  return data.subarray(0, 6).every((byte) => byte === 0xff) ? PACKET_BROADCAST : PACKET_MULTICAST
}

/** What the machine sees of a packet. */
export function packetBuffer(packet: DebuggerPacket): SocketBuffer {
  const { data, lengthBytes, fields } = packet
  return frameBuffer(data, { packetType: packetType(packet), wireBytes: lengthBytes, ...fields })
}

/** The packets of a capture, one of which is looked at. */
export class PacketCursor {
  readonly #packets: readonly DebuggerPacket[]
  readonly #asBpfDbg: boolean
  #index = 0

  /** @param asBpfDbg what has no bytes, or more than it claims, can't be passed */
  constructor(packets: readonly DebuggerPacket[], asBpfDbg: boolean) {
    this.#packets = packets
    this.#asBpfDbg = asBpfDbg
  }

  get count(): number {
    return this.#packets.length
  }

  /** From 0. */
  get index(): number {
    return this.#index
  }

  get packet(): DebuggerPacket {
    return this.#packets[this.#index] as DebuggerPacket
  }

  /** To the next packet; false where there is none. */
  advance(): boolean {
    const { data, lengthBytes } = this.packet
    if (this.#asBpfDbg && (data.length === 0 || lengthBytes === 0 || data.length > lengthBytes)) return false
    if (this.#index + 1 >= this.#packets.length) return false
    this.#index++
    return true
  }

  rewind(): void {
    this.#index = 0
  }
}
