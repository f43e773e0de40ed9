import { type StructLayout, structLayout } from '@bpfoundry/guest-memory'

/** One frame of a queue's trace in guest memory. */
export const TRACE_FRAME: StructLayout<'address' | 'lengthBytes' | 'rssHash' | 'packet' | 'timestampNs'> = structLayout(
  {
    /** Guest address of its bytes, a multiple of {@link TRACE_ALIGN_BYTES}. */
    address: 'u32',
    lengthBytes: 'u32',
    rssHash: 'u32',
    /** Number of the packet in its round, those of other queues counted in. */
    packet: 'u32',
    /** From the beginning of the round. */
    timestampNs: 'u64',
  },
)

/** Frames begin on cache lines and are copied by them. */
export const TRACE_ALIGN_BYTES = 64

/** How many frames ahead the wire touches what it will copy: memory is slower than so many copies from the cache. */
export const TRACE_LOOK_AHEAD = 16

/** Frames of one queue, played in turn. */
export interface QueueTrace {
  readonly queue: number
  /** Guest address of its {@link TRACE_FRAME}s, and their number. */
  readonly frames: number
  readonly frameCount: number
  /** Packets to play in all; the frames come again when they are fewer. */
  readonly packets: number
  /** WIRE_BLOCK of the queue. */
  readonly block: number
}

/** Traffic that was dealt out to the queues of a card: plain data, to be sent to workers. */
export interface TraceHandle {
  readonly queues: readonly QueueTrace[]
  /** Packets of a round, refused ones and those of all queues counted in, and the time that it takes. */
  readonly roundPackets: number
  readonly roundNs: number
  /** Number of the first packet on its card. */
  readonly firstPacket: number
}

/** What a wire program is told: one block a queue, filled in before each call. */
export const WIRE_BLOCK: StructLayout<
  | 'frame'
  | 'first'
  | 'last'
  | 'entries'
  | 'fill'
  | 'mask'
  | 'tail'
  | 'fillMask'
  | 'head'
  | 'packets'
  | 'headroomBytes'
  | 'firstPacket'
  | 'roundPackets'
  | 'startNs'
  | 'roundNs'
  | 'bytes'
> = structLayout({
  /** Guest addresses of the next {@link TRACE_FRAME}, of the first, and behind the last. */
  frame: 'ptr',
  first: 'ptr',
  last: 'ptr',
  /** First entries of the completion ring and the fill ring. */
  entries: 'ptr',
  fill: 'ptr',
  /** Entries less one, and free-running number of the next entry. */
  mask: 'u32',
  tail: 'u32',
  fillMask: 'u32',
  head: 'u32',
  /** Packets to play in this call: there is room for them. */
  packets: 'u32',
  headroomBytes: 'u32',
  /** Number on the card of the round's packet 0. */
  firstPacket: 'u32',
  roundPackets: 'u32',
  /** When the round begins. */
  startNs: 'u64',
  roundNs: 'u64',
  /** Bytes played, summed. */
  bytes: 'u64',
})
