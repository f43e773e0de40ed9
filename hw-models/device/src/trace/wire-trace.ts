import type { GuestMemory, Region } from '@bpfoundry/guest-memory'
import { CounterBlock, QUEUE_WIRE } from '../counters.ts'
import type { NicQueueHandle } from '../nic-handle.ts'
import { FRAME_ACCEPTED, type NicWire } from '../wire.ts'
import {
  type QueueTrace,
  TRACE_ALIGN_BYTES,
  TRACE_FRAME,
  TRACE_LOOK_AHEAD,
  type TraceHandle,
  WIRE_BLOCK,
} from './trace-layout.ts'

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

/** How large a round is. */
export interface TraceSize {
  readonly frames: number
  /** Lengths of all frames, summed, and of the longest; upper bounds will do. */
  readonly frameBytes: number
  readonly longestBytes: number
  /** Modelled time from the beginning of one round to that of the next. */
  readonly roundNs: number
}

/** Bytes of guest memory that a trace of this size takes at most. */
export function traceBytes(size: Omit<TraceSize, 'roundNs'>): number {
  return size.frames * TRACE_FRAME.sizeBytes + lineBytes(size)
}

/** Each frame begins on a line, and whole last lines are copied. */
function lineBytes({ frames, frameBytes, longestBytes }: Omit<TraceSize, 'roundNs'>): number {
  const uniform = frames * Math.ceil(longestBytes / TRACE_ALIGN_BYTES) * TRACE_ALIGN_BYTES
  return Math.min(uniform, frameBytes + frames * TRACE_ALIGN_BYTES) + TRACE_ALIGN_BYTES
}

const WORDS = TRACE_FRAME.sizeBytes >>> 2
const BLOCK_BYTES = Math.ceil(WIRE_BLOCK.sizeBytes / 64) * 64
/** Behind a queue's frames: what the wire program looks at ahead of the last ones, all of it zeros. */
const LOOK_AHEAD_BYTES = 2 * TRACE_LOOK_AHEAD * TRACE_FRAME.sizeBytes

/** The frames of one queue. */
type QueueFrames = Omit<QueueTrace, 'packets'>

/**
 * Traffic that is dealt out to the queues of a card beforehand, once: the MAC has judged each frame and RSS has hashed
 * it, so that the CPUs can play their shares themselves (see TracePlayer). For the thread that owns the memory.
 */
export class WireTrace {
  readonly size: TraceSize
  readonly wire: NicWire
  /** Frames that the MAC takes, by queue, and those that it refuses. */
  readonly queues: readonly QueueFrames[]
  readonly refused: readonly RefusedFrame[]
  readonly memory: GuestMemory
  readonly #regions: readonly Region[]

  /**
   * Deals a round of frames out. The card's MTU, link state and RSS table count as they are now. Only for frames that come
   * in over one buffer each: see `NicWire.mayReceiveFrags`.
   *
   * @param allocated told of each region before it is written to
   * @throws GuestMemoryError GUEST_MEMORY_EXHAUSTED
   */
  constructor(
    memory: GuestMemory,
    wire: NicWire,
    source: TraceSource,
    size: TraceSize,
    allocated: (region: Region) => void = () => {},
  ) {
    const deal = new Deal(memory, wire, size, allocated)
    deal.run(wire, source)
    this.memory = memory
    this.wire = wire
    this.size = size
    this.queues = deal.queues
    this.refused = deal.refused
    this.#regions = deal.regions
  }

  /** Begins to play `packets` packets; rounds follow each other until then. One at a time. */
  play(packets: number): TracePlay {
    return new TracePlay(this, packets)
  }

  /** Gives the trace's memory back; no CPU may play it any more. */
  close(): void {
    for (const region of this.#regions) this.memory.free(region)
  }
}

/** Packets of a trace on their way: the main thread watches the CPUs, and books what the MAC saw at the end. */
export class TracePlay {
  readonly handle: TraceHandle
  readonly #trace: WireTrace
  readonly #total: number
  readonly #queues: readonly { readonly counters: CounterBlock; readonly packets: number; readonly bytes: number }[]

  constructor(trace: WireTrace, packets: number) {
    const { memory, wire, size } = trace
    this.#trace = trace
    this.#total = packets
    this.handle = {
      queues: trace.queues.map((queue) => ({ ...queue, packets: packetsOf(memory, queue, packets, size.frames) })),
      roundPackets: size.frames,
      roundNs: size.roundNs,
      firstPacket: wire.nextPacket,
    }
    this.#queues = trace.queues.map(({ queue }) => {
      const counters = new CounterBlock(memory, (wire.handle.queues[queue] as NicQueueHandle).wireCounters)
      return { counters, packets: counters.get(QUEUE_WIRE.packets), bytes: counters.get(QUEUE_WIRE.bytes) }
    })
  }

  /** Packets that the CPUs have played so far. */
  get played(): number {
    return this.#queues.reduce((sum, { counters, packets }) => sum + counters.get(QUEUE_WIRE.packets) - packets, 0)
  }

  /** Packets that the CPUs play in all. */
  get packets(): number {
    return this.handle.queues.reduce((sum, { packets }) => sum + packets, 0)
  }

  /** Books what the MAC saw. Call it once, when no CPU plays any more. @returns packets that arrived, refused ones included */
  finish(): number {
    const { wire } = this.#trace
    const { played } = this
    const bytes = this.#queues.reduce((sum, { counters, bytes }) => sum + counters.get(QUEUE_WIRE.bytes) - bytes, 0)
    wire.book(played, bytes)
    const arrived = played + this.#bookRefused(played)
    wire.nextPacket = (wire.nextPacket + arrived) >>> 0
    return arrived
  }

  /** Refused frames count as far as the trace was played: all of them, when it came to its end. */
  #bookRefused(played: number): number {
    const { refused, size, wire } = this.#trace
    const { packets } = this
    const arrived = packets === 0 ? this.#total : Math.floor(this.#total * (played / packets))
    let sum = 0
    for (const { packet, lengthBytes, fate } of refused) {
      const times = timesPlayed(packet, arrived, size.frames)
      sum += times
      wire.bookRefused(fate, times, times * lengthBytes)
    }
    return sum
  }
}

/** Packets of a queue among the first `packets` packets: those of whole rounds, and of the last one up to its end. */
function packetsOf(
  memory: GuestMemory,
  { frames, frameCount }: QueueFrames,
  packets: number,
  roundPackets: number,
): number {
  const rest = packets % roundPackets
  let [low, high] = [0, frameCount]
  while (low < high) {
    const middle = (low + high) >>> 1
    const at = frames + middle * TRACE_FRAME.sizeBytes + TRACE_FRAME.fields.packet.offsetBytes
    if ((memory.u32[at >>> 2] as number) < rest) low = middle + 1
    else high = middle
  }
  return Math.floor(packets / roundPackets) * frameCount + low
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
  queues: readonly QueueFrames[] = []
  readonly refused: RefusedFrame[] = []
  readonly #memory: GuestMemory
  readonly #frames: number
  readonly #rows: Uint32Array
  readonly #queueOf: Uint16Array
  #top: number

  constructor(memory: GuestMemory, wire: NicWire, size: TraceSize, allocated: (region: Region) => void) {
    const { frames } = size
    const queues = wire.handle.queues.length
    const bytes = memory.allocate('trace frames', 'packet', lineBytes(size))
    const tables = memory.allocate(
      'trace',
      'ring',
      frames * TRACE_FRAME.sizeBytes + queues * (BLOCK_BYTES + LOOK_AHEAD_BYTES),
    )
    this.regions = [bytes, tables]
    for (const region of this.regions) allocated(region)
    this.#memory = memory
    this.#frames = frames
    this.#rows = new Uint32Array(frames * WORDS)
    this.#queueOf = new Uint16Array(frames)
    this.#top = bytes.address
  }

  run(wire: NicWire, source: TraceSource): void {
    this.#readRound(wire, source)
    this.queues = this.#writeTables((this.regions[1] as Region).address, wire.handle.queues.length)
  }

  #readRound(wire: NicWire, source: TraceSource): void {
    for (let packet = 0; packet < this.#frames && source.next(); packet++) {
      const { bytes, offsetBytes, lengthBytes, timestampNs } = source
      const fate = wire.refusal(bytes, offsetBytes, lengthBytes)
      if (fate === FRAME_ACCEPTED) {
        if (lengthBytes > wire.handle.headBytes)
          throw new Error(`a frame of ${lengthBytes} bytes has frags, a trace has none`)
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

  #writeTables(address: number, queueCount: number): QueueFrames[] {
    let at = address + queueCount * BLOCK_BYTES
    return Array.from({ length: queueCount }, (_, queue) => {
      const frames = at
      for (let packet = 0; packet < this.#frames; packet++) {
        if (this.#queueOf[packet] !== queue + 1) continue
        this.#memory.u32.set(this.#rows.subarray(packet * WORDS, (packet + 1) * WORDS), at >>> 2)
        at += TRACE_FRAME.sizeBytes
      }
      const frameCount = (at - frames) / TRACE_FRAME.sizeBytes
      at += LOOK_AHEAD_BYTES
      return { queue, frames, frameCount, block: address + queue * BLOCK_BYTES }
    })
  }
}
