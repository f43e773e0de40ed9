import {
  type DriverContext,
  etherType,
  ethTypeTrans,
  type FrameCursor,
  isMulticast,
  isOwn,
  packSkbType,
} from '@bpfoundry/device'

/** Words of the frame's first bytes, which no program can reach: what the driver took the skb for, and what it was like. */
const TAKEN_FOR = 0
const SEEN = 1

/**
 * What the driver took an skb for when it built it, and whether that holds after the program: eth_type_trans is done again
 * only when type, own address or group address became another, so that a broadcast that was made a multicast stays one.
 *
 * @see bpf_prog_run_generic_xdp in net/core/dev.c (6.12)
 */
export class SkbHeader {
  readonly #context: DriverContext

  constructor(context: DriverContext) {
    this.#context = context
  }

  /** Keeps what the driver saw. @param frame guest address of the packet's own frame */
  note(frame: number, packet: FrameCursor): void {
    const { memory, handle } = this.#context
    const at = frame >>> 2
    memory.u32[at + TAKEN_FOR] = packSkbType(ethTypeTrans(memory.u8, packet.data, handle.mac))
    memory.u32[at + SEEN] = this.#seen(packet)
  }

  /** What the stack takes the packet for that the program passed. */
  settle(packet: FrameCursor): void {
    const { u32 } = this.#context.memory
    const at = packet.frame >>> 2
    packet.skbType = u32[at + SEEN] === this.#seen(packet) ? (u32[at + TAKEN_FOR] as number) : 0
  }

  /** `skb->protocol` as the driver saw it, for events. */
  protocol(packet: FrameCursor): number {
    return (this.#context.memory.u32[(packet.frame >>> 2) + TAKEN_FOR] as number) >>> 8
  }

  #seen({ data }: FrameCursor): number {
    const { memory, handle } = this.#context
    const { u8 } = memory
    return (etherType(u8, data) << 2) | (isOwn(u8, data, handle.mac) ? 2 : 0) | (isMulticast(u8, data) ? 1 : 0)
  }
}
