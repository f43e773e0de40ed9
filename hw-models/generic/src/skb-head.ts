import {
  bufferCountOf,
  copyLinear,
  type DriverContext,
  FRAME_FLAG,
  FrameCursor,
  LINEAR_TAIL_BYTES,
  SHARED_INFO_BYTES,
  spread,
  XDP_PACKET_HEADROOM_BYTES,
} from '@bpfoundry/device'

/** NET_SKB_PAD: head room grows in steps of this. @see include/linux/skbuff.h */
const SKB_PAD_BYTES = 64
/** A page without head room and shared info: what skb_pp_cow_data puts into the first. */
const PAGE_HEAD_BYTES = 3520

/** What becomes of an skb's memory before the program runs. */
export type SkbChange = 'none' | 'expanded' | 'linearized' | 'copied'

/**
 * Where a packet lies in its skb before and while the program of generic XDP sees it. The bytes stay in the frames that the
 * packet came in; an skb that is made linear lies in a buffer of the CPU meanwhile.
 *
 * @see netif_skb_check_for_xdp in net/core/dev.c, skb_pp_cow_data in net/core/skbuff.c (6.12)
 */
export class SkbHead {
  readonly #context: DriverContext
  readonly #headroomBytes: number
  readonly #short: boolean
  readonly #linear: number
  /** The packet as it was before it was made linear. */
  readonly #scattered = new FrameCursor()
  #isLinear = false

  constructor(context: DriverContext) {
    const { handle, cpu } = context
    const built = handle.profile.skbHeadroomBytes
    this.#context = context
    this.#short = built < XDP_PACKET_HEADROOM_BYTES
    this.#headroomBytes = built + alignUp(Math.max(0, XDP_PACKET_HEADROOM_BYTES - built), SKB_PAD_BYTES)
    this.#linear = handle.cpus[cpu.id]?.linear ?? 0
  }

  /** What the skb of this packet needs before a program may see it. */
  changeOf(packet: FrameCursor, hasFrags: boolean): SkbChange {
    const nonlinear = (packet.flags & FRAME_FLAG.frags) !== 0
    if (!nonlinear && !this.#short) return 'none'
    if (hasFrags) return 'copied'
    return nonlinear ? 'linearized' : 'expanded'
  }

  /** Puts the packet where the program sees it; metadata of an earlier stage is gone by then. @returns whether anything changed */
  prepare(packet: FrameCursor, change: SkbChange): boolean {
    const nonlinear = (packet.flags & FRAME_FLAG.frags) !== 0
    const hadMetadata = packet.dataMeta !== packet.data
    packet.dataMeta = packet.data
    if (nonlinear && change === 'copied') return this.#respread(packet)
    if (nonlinear && change === 'linearized') return this.#linearize(packet)
    const target = packet.frame + this.#headroomBytes
    const lengthBytes = packet.dataEnd - packet.data
    const fits = target + lengthBytes <= packet.frame + packet.frameBytes - SHARED_INFO_BYTES
    if (target === packet.data || !fits) return hadMetadata
    this.#context.memory.u8.copyWithin(target, packet.data, packet.dataEnd)
    packet.data = target
    packet.dataMeta = target
    packet.dataEnd = target + lengthBytes
    return true
  }

  /** Lays a packet that was made linear out over its frames again. */
  restore(packet: FrameCursor): void {
    if (!this.#isLinear) return
    this.#isLinear = false
    const { memory } = this.#context
    const scattered = this.#scattered
    const shift = packet.data - this.#linear
    const metaBytes = Math.max(0, packet.data - packet.dataMeta)
    const from = packet.data
    const bytes = packet.dataEnd - packet.data
    packet.frame = scattered.frame
    packet.frameBytes = scattered.frameBytes
    packet.flags = scattered.flags
    packet.data = packet.frame + shift
    packet.dataMeta = packet.data - metaBytes
    memory.u8.copyWithin(packet.dataMeta, from - metaBytes, from)
    spread(memory, packet, from, bytes, packet.frameBytes - SHARED_INFO_BYTES - shift)
  }

  /** As many bytes in the first page as go in, a page each for the rest. */
  #respread(packet: FrameCursor): boolean {
    const { memory } = this.#context
    const bytes = copyLinear(memory, packet, this.#linear)
    packet.data = packet.frame + XDP_PACKET_HEADROOM_BYTES
    packet.dataMeta = packet.data
    const room = packet.frameBytes - SHARED_INFO_BYTES - XDP_PACKET_HEADROOM_BYTES
    spread(memory, packet, this.#linear, bytes, Math.min(room, PAGE_HEAD_BYTES))
    return true
  }

  #linearize(packet: FrameCursor): boolean {
    const { memory } = this.#context
    this.#scattered.copy(packet)
    this.#isLinear = true
    const data = this.#linear + XDP_PACKET_HEADROOM_BYTES
    const bytes = copyLinear(memory, packet, data)
    const room = packet.frameBytes - SHARED_INFO_BYTES - XDP_PACKET_HEADROOM_BYTES
    const spare = room + bufferCountOf(memory, packet) * packet.frameBytes - bytes
    packet.frame = this.#linear
    packet.frameBytes = XDP_PACKET_HEADROOM_BYTES + bytes + Math.min(LINEAR_TAIL_BYTES, spare) + SHARED_INFO_BYTES
    packet.data = data
    packet.dataMeta = data
    packet.dataEnd = data + bytes
    packet.flags &= ~(FRAME_FLAG.frags | FRAME_FLAG.buffers)
    packet.fragsBytes = 0
    return true
  }
}

function alignUp(bytes: number, step: number): number {
  return Math.ceil(bytes / step) * step
}
