import { type XskStatistics, XskUser } from '@bpfoundry/device'
import type { GuestMemory } from '@bpfoundry/guest-memory'

/** Options of {@link BenchNic.openXsk}; what is absent is as in libxdp. */
export interface SocketOptions {
  /** Receive queue that it is bound to, 0 by default. */
  readonly queue?: number
  /** Descriptors of the rx and fill rings, powers of two; 2048 by default. */
  readonly rxRing?: number
  readonly fillRing?: number
  /** Chunks of its memory, 4096 by default, and bytes of one: 2048 or 4096 (default). */
  readonly chunks?: number
  readonly chunkBytes?: number
  /** Takes packets while the card receives; without it they wait in the ring until {@link BenchSocket.receive}. */
  readonly onPacket?: (bytes: Uint8Array) => void
}

/** An AF_XDP socket, bound to a queue of a card: put its fd into an xskmap, and packets redirected there come here. */
export class BenchSocket {
  /** What an xskmap takes. */
  readonly fd: number
  readonly queue: number
  readonly #user: XskUser
  readonly #onPacket: ((bytes: Uint8Array) => void) | undefined

  constructor(memory: GuestMemory, address: number, fd: number, options: SocketOptions) {
    this.fd = fd
    this.queue = options.queue ?? 0
    this.#user = new XskUser(memory, address)
    this.#onPacket = options.onPacket
  }

  /** Packets that wait in its rx ring. */
  get waiting(): number {
    return this.#user.waiting
  }

  /** As getsockopt(XDP_STATISTICS) tells them, and what it got in all. */
  get statistics(): XskStatistics {
    return this.#user.statistics
  }

  /** Takes what waits, `most` packets at most, and gives the chunks back to the fill ring. */
  receive(most?: number): Uint8Array[] {
    const packets: Uint8Array[] = []
    this.#user.receive((bytes) => packets.push(bytes.slice()), most)
    return packets
  }

  /** Hands over what waits, while the card receives. @returns packets */
  serve(): number {
    return this.#onPacket === undefined ? 0 : this.#user.receive(this.#onPacket)
  }
}
