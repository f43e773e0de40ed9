import type { CompiledProgram, Cpu } from '@bpfoundry/engine'
import { type GuestMemory, readU64, writeU64 } from '@bpfoundry/guest-memory'
import { CounterBlock, QUEUE_WIRE } from '../counters.ts'
import { FRAME_DESCRIPTOR, FrameCursor } from '../frame-descriptor.ts'
import type { NicHandle, NicQueueHandle } from '../nic-handle.ts'
import { RingConsumer, RingProducer } from '../spsc-ring.ts'
import { type QueueTrace, TRACE_ALIGN_BYTES, TRACE_FRAME, type TraceHandle, WIRE_BLOCK } from './trace-layout.ts'

const block = WIRE_BLOCK.fields
const source = TRACE_FRAME.fields
const descriptor = FRAME_DESCRIPTOR.fields

/** Options of {@link TracePlayer}. */
export interface TracePlayerOptions {
  readonly memory: GuestMemory
  readonly nic: NicHandle
  readonly cpu: Cpu
  readonly trace: TraceHandle
  /** The compiled `wireImage()`; without it JavaScript does the same. */
  readonly wire?: CompiledProgram
}

/**
 * The wire's end of the queues of one CPU, in the thread that polls them: plays their share of a trace. While it plays,
 * no other thread delivers to these queues.
 */
export class TracePlayer {
  readonly #players: readonly QueuePlayer[]

  constructor(options: TracePlayerOptions) {
    const { nic, cpu, trace } = options
    this.#players = trace.queues
      .filter(({ queue }) => nic.queues[queue]?.cpu === cpu.id)
      .map((queue) => new QueuePlayer(options, queue))
  }

  /**
   * Puts up to `budget` packets into the ring of each queue; as many as there is room for.
   *
   * @param row how many times as many where it plays to one queue only
   * @returns packets
   */
  play(budget: number, row = 1): number {
    const most = this.#players.length === 1 ? budget * row : budget
    let played = 0
    for (const player of this.#players) played += player.play(most)
    return played
  }

  /** Packets that are still to be played. */
  get left(): number {
    return this.#players.reduce((sum, { left }) => sum + left, 0)
  }

  /** Plays no more. */
  stop(): void {
    for (const player of this.#players) player.left = 0
  }
}

class QueuePlayer {
  /** Packets that are still to be played. */
  left: number
  readonly #memory: GuestMemory
  readonly #cpu: Cpu
  readonly #block: number
  readonly #wire: CompiledProgram | undefined
  readonly #fill: RingConsumer
  readonly #completion: RingProducer
  readonly #counters: CounterBlock
  readonly #cursor = new FrameCursor()

  constructor({ memory, nic, cpu, trace, wire }: TracePlayerOptions, queueTrace: QueueTrace) {
    const queue = nic.queues[queueTrace.queue] as NicQueueHandle
    this.left = queueTrace.packets
    this.#memory = memory
    this.#cpu = cpu
    this.#block = queueTrace.block
    this.#wire = wire
    this.#fill = new RingConsumer(memory, queue.fill)
    this.#completion = new RingProducer(memory, queue.completion)
    this.#counters = new CounterBlock(memory, queue.wireCounters)
    memory.refresh()
    this.#begin(nic, trace, queueTrace)
    this.#prepareRing(nic, queue)
  }

  play(budget: number): number {
    const room = Math.min(this.#fill.available(), this.#completion.free())
    const packets = Math.min(budget, this.left, room)
    if (packets === 0) return 0
    this.#set(block.tail, this.#completion.tail)
    this.#set(block.head, this.#fill.head)
    this.#set(block.packets, packets)
    writeU64(this.#memory, this.#block + block.bytes.offsetBytes, 0)
    if (this.#wire === undefined) this.#copyPackets(packets)
    else this.#wire.run(this.#cpu, this.#block)
    this.#fill.release(packets)
    this.#completion.reserveMany(packets)
    this.#completion.publish()
    this.#counters.add(QUEUE_WIRE.packets, packets)
    this.#counters.add(QUEUE_WIRE.bytes, readU64(this.#memory, this.#block + block.bytes.offsetBytes))
    this.left -= packets
    return packets
  }

  #begin(nic: NicHandle, trace: TraceHandle, { frames, frameCount }: QueueTrace): void {
    this.#set(block.frame, frames)
    this.#set(block.first, frames)
    this.#set(block.last, frames + frameCount * TRACE_FRAME.sizeBytes)
    this.#set(block.entries, this.#completion.entries)
    this.#set(block.fill, this.#fill.entries)
    this.#set(block.mask, this.#completion.capacity - 1)
    this.#set(block.fillMask, this.#fill.capacity - 1)
    this.#set(block.headroomBytes, nic.headroomBytes)
    this.#set(block.firstPacket, trace.firstPacket)
    this.#set(block.roundPackets, trace.roundPackets)
    writeU64(this.#memory, this.#block + block.startNs.offsetBytes, 0)
    writeU64(this.#memory, this.#block + block.roundNs.offsetBytes, trace.roundNs)
  }

  /** What every descriptor of the ring says. Whoever else filled it said the same. */
  #prepareRing(nic: NicHandle, queue: NicQueueHandle): void {
    const { u32 } = this.#memory
    for (let index = 0; index < this.#completion.capacity; index++) {
      const at = this.#completion.addressOf(index)
      const set = (field: { readonly offsetBytes: number }, value: number): void => {
        u32[(at + field.offsetBytes) >>> 2] = value
      }
      set(descriptor.metaBytes, 0)
      set(descriptor.home, queue.returns.address)
      set(descriptor.ingressIfindex, nic.ifindex)
      set(descriptor.queue, queue.index)
      set(descriptor.flags, 0)
      set(descriptor.fragsBytes, 0)
      set(descriptor.frameBytes, nic.frameBytes)
      set(descriptor.skbType, 0)
    }
  }

  /** What the wire program does, for engines that interpret. */
  #copyPackets(packets: number): void {
    let at = this.#get(block.frame)
    for (let n = 0; n < packets; n++) {
      this.#copyPacket(at, n)
      at += TRACE_FRAME.sizeBytes
      if (at === this.#get(block.last)) at = this.#nextRound()
    }
    this.#set(block.frame, at)
  }

  #copyPacket(at: number, ahead: number): void {
    const { u8, u32 } = this.#memory
    const word = (field: { readonly offsetBytes: number }): number => u32[(at + field.offsetBytes) >>> 2] as number
    const cursor = this.#cursor
    const lengthBytes = word(source.lengthBytes)
    const slot = this.#completion.addressOf((this.#get(block.tail) + ahead) & this.#get(block.mask))
    cursor.load(this.#memory, slot)
    cursor.frame = u32[this.#fill.entry(ahead) >>> 2] as number
    cursor.data = cursor.frame + this.#get(block.headroomBytes)
    cursor.dataMeta = cursor.data
    cursor.dataEnd = cursor.data + lengthBytes
    cursor.timestampNs = this.#getU64(block.startNs) + readU64(this.#memory, at + source.timestampNs.offsetBytes)
    cursor.packetIndex = (this.#get(block.firstPacket) + word(source.packet)) >>> 0
    cursor.rssHash = word(source.rssHash)
    cursor.store(this.#memory, slot)
    const from = word(source.address)
    u8.copyWithin(cursor.data, from, from + Math.ceil(lengthBytes / TRACE_ALIGN_BYTES) * TRACE_ALIGN_BYTES)
    writeU64(this.#memory, this.#block + block.bytes.offsetBytes, this.#getU64(block.bytes) + lengthBytes)
  }

  #nextRound(): number {
    this.#set(block.firstPacket, (this.#get(block.firstPacket) + this.#get(block.roundPackets)) >>> 0)
    writeU64(
      this.#memory,
      this.#block + block.startNs.offsetBytes,
      this.#getU64(block.startNs) + this.#getU64(block.roundNs),
    )
    return this.#get(block.first)
  }

  #get(field: { readonly offsetBytes: number }): number {
    return this.#memory.u32[(this.#block + field.offsetBytes) >>> 2] as number
  }

  #getU64(field: { readonly offsetBytes: number }): number {
    return readU64(this.#memory, this.#block + field.offsetBytes)
  }

  #set(field: { readonly offsetBytes: number }, value: number): void {
    this.#memory.u32[(this.#block + field.offsetBytes) >>> 2] = value
  }
}
