import type { GuestMemory, Region } from '@bpfoundry/guest-memory'
import { CounterBlock, QUEUE_WIRE } from '../counters.ts'
import type { NicHandle } from '../nic-handle.ts'
import { FRAME_ACCEPTED, type NicWire } from '../wire.ts'
import { type QueueTrace, TRACE_ALIGN_BYTES, TRACE_FRAME, type TraceHandle, WIRE_BLOCK } from './trace-layout.ts'

/** Frames to deal out: one round of them. */
export interface TraceSource {
  /** Goes to the next frame of the round. @returns false at its end */
  next(): boolean
  /** The frame: `lengthBytes` bytes of `bytes` from `offsetBytes` on; good until the next one. */
  readonly bytes: Uint8Array
  readonly offsetBytes: number
  readonly lengthBytes: number
  /** From the beginning of the round. */
  readonly timestampNs: number
}

/** How a trace is played. */
export interface TraceOptions {
  /** Frames of a round, and their lengths, summed, at most. */
  readonly frames: number
  readonly frameBytes: number
  /** Packets to play; rounds follow each other until then. */
  readonly packets: number
  /** Time of a round. */
  readonly roundNs: number
}

/** Bytes of guest memory that a trace of these frames takes at most. */
export function traceBytes({ frames, frameBytes }: Pick<TraceOptions, 'frames' | 'frameBytes'>): number {
  return frames * (TRACE_FRAME.sizeBytes + TRACE_ALIGN_BYTES) + frameBytes
}

const WORDS = TRACE_FRAME.sizeBytes >>> 2
const BLOCK_BYTES = Math.ceil(WIRE_BLOCK.sizeBytes / 64) * 64

/**
 * Traffic that is dealt out to the queues of a card beforehand, once: the MAC has judged each frame and RSS has hashed
 * it, so that the CPUs can play their shares themselves (see TracePlayer). The main thread's side: it makes the trace,
 * watches it, and books what the MAC saw at the end.
 */
export class WireTrace {
  readonly handle: TraceHandle
  readonly #memory: GuestMemory
  readonly #wire: NicWire
  readonly #regions: readonly Region[]
  readonly #queues: readonly { readonly counters: CounterBlock; readonly before: number; readonly bytes: number }[]
  readonly #refused: readonly RefusedFrame[]
  readonly #options: TraceOptions
  #open = true

  /**
   * Deals a round of frames out. The card's MTU, link state and RSS table count as they are now.
   *
   * @throws GuestMemoryError GUEST_MEMORY_EXHAUSTED
   */
  constructor(memory: GuestMemory, wire: NicWire, source: TraceSource, options: TraceOptions) {
    const nic = wire.handle
    const deal = new Deal(memory, wire, source, options)
    this.#memory = memory
    this.#wire = wire
    this.#options = options
    this.#regions = deal.regions
    this.#refused = deal.refused
    this.handle = {
      queues: deal.queues,
      roundPackets: options.frames,
      roundNs: options.roundNs,
      firstPacket: wire.nextPacket,
    }
    this.#queues = deal.queues.map(({ queue }) => {
      const counters = new CounterBlock(memory, (nic.queues[queue] as NicHandle['queues'][number]).wireCounters)
      return { counters, before: counters.get(QUEUE_WIRE.packets), bytes: counters.get(QUEUE_WIRE.bytes) }
    })
  }

  /** Packets that the CPUs have played so far. */
  get played(): number {
    return this.#queues.reduce((sum, { counters, before }) => sum + counters.get(QUEUE_WIRE.packets) - before, 0)
  }

  /** Packets that the CPUs play in all. */
  get packets(): number {
    return this.handle.queues.reduce((sum, { packets }) => sum + packets, 0)
  }

  /**
   * Books what the MAC saw, and gives the trace's memory back. Call it once, when no CPU plays any more.
   *
   * @returns packets that arrived, refused ones included
   */
  close(): number {
    if (!this.#open) return 0
    this.#open = false
    const { played } = this
    const bytes = this.#queues.reduce((sum, { counters, bytes }) => sum + counters.get(QUEUE_WIRE.bytes) - bytes, 0)
    this.#wire.book(played, bytes)
    const refused = this.#bookRefused(played)
    for (const region of this.#regions) this.#memory.free(region)
    this.#wire.nextPacket = (this.#wire.nextPacket + played + refused) >>> 0
    return played + refused
  }

  /** Refused frames count as far as the trace was played: all of them, when it came to its end. */
  #bookRefused(played: number): number {
    const { packets, frames } = this.#options
    const total = this.packets
    const arrived = total === 0 ? packets : Math.floor(packets * (played / total))
    let refused = 0
    for (const { packet, lengthBytes, fate } of this.#refused) {
      const times = timesPlayed(packet, arrived, frames)
      refused += times
      this.#wire.bookRefused(fate, times, times * lengthBytes)
    }
    return refused
  }
}

/** How often frame `packet` of a round comes among `packets` packets. */
function timesPlayed(packet: number, packets: number, roundPackets: number): number {
  return Math.floor(packets / roundPackets) + (packet < packets % roundPackets ? 1 : 0)
}

interface RefusedFrame {
  readonly packet: number
  readonly lengthBytes: number
  readonly fate: number
}

/** Puts frames into guest memory and their descriptions into one table a queue. */
class Deal {
  readonly regions: readonly Region[]
  readonly queues: readonly QueueTrace[]
  readonly refused: RefusedFrame[] = []
  readonly #memory: GuestMemory
  readonly #options: TraceOptions
  readonly #rows: Uint32Array
  readonly #queueOf: Uint16Array
  #top: number

  constructor(memory: GuestMemory, wire: NicWire, source: TraceSource, options: TraceOptions) {
    const { frames, frameBytes } = options
    const queues = wire.handle.queues.length
    // Each frame begins on a line, and a whole last line is copied.
    const bytes = memory.allocate('trace frames', 'packet', frameBytes + (frames + 1) * TRACE_ALIGN_BYTES)
    const tables = memory.allocate('trace', 'ring', frames * TRACE_FRAME.sizeBytes + queues * BLOCK_BYTES)
    this.regions = [bytes, tables]
    this.#memory = memory
    this.#options = options
    this.#rows = new Uint32Array(frames * WORDS)
    this.#queueOf = new Uint16Array(frames)
    this.#top = bytes.address
    this.#readRound(wire, source)
    this.queues = this.#writeTables(tables.address, queues)
  }

  #readRound(wire: NicWire, source: TraceSource): void {
    for (let packet = 0; packet < this.#options.frames && source.next(); packet++) {
      const { bytes, offsetBytes, lengthBytes, timestampNs } = source
      const fate = wire.refusal(bytes, offsetBytes, lengthBytes)
      if (fate === FRAME_ACCEPTED) {
        const hash = wire.rss.hash(bytes, offsetBytes, lengthBytes)
        this.#queueOf[packet] = wire.rss.queue(hash) + 1
        this.#rows.set([this.#top, lengthBytes, hash, packet], packet * WORDS)
        this.#rows[packet * WORDS + 4] = timestampNs % 2 ** 32
        this.#rows[packet * WORDS + 5] = timestampNs / 2 ** 32
        this.#memory.u8.set(bytes.subarray(offsetBytes, offsetBytes + lengthBytes), this.#top)
        this.#top += Math.ceil(lengthBytes / TRACE_ALIGN_BYTES) * TRACE_ALIGN_BYTES
      } else {
        this.refused.push({ packet, lengthBytes, fate })
      }
    }
  }

  #writeTables(address: number, queueCount: number): QueueTrace[] {
    const { frames, packets } = this.#options
    let at = address + queueCount * BLOCK_BYTES
    return Array.from({ length: queueCount }, (_, queue) => {
      const start = at
      let sum = 0
      for (let packet = 0; packet < frames; packet++) {
        if (this.#queueOf[packet] !== queue + 1) continue
        this.#memory.u32.set(this.#rows.subarray(packet * WORDS, (packet + 1) * WORDS), at >>> 2)
        at += TRACE_FRAME.sizeBytes
        sum += timesPlayed(packet, packets, frames)
      }
      const frameCount = (at - start) / TRACE_FRAME.sizeBytes
      return { queue, frames: start, frameCount, packets: sum, block: address + queue * BLOCK_BYTES }
    })
  }
}
