import type { GuestMemory } from '@bpfoundry/guest-memory'
import { MAX_SKB_FRAGS, NET_DEVICE } from '@bpfoundry/kernel-abi'
import type { ToeplitzOptions } from '@bpfoundry/packet'
import { CounterBlock, MAC, QUEUE_WIRE } from './counters.ts'
import { DrainedCursor, type DrainedFrame } from './drained-frame.ts'
import { FATE } from './fates.ts'
import { addFrag, clearFrags, eachBuffer } from './frags.ts'
import { FrameCopier } from './frame-copier.ts'
import { FrameCursor } from './frame-descriptor.ts'
import { returnFrame } from './frame-pool.ts'
import { ETH_HEADER_BYTES, NIC_CONTROL, type NicHandle, VLAN_TAG_BYTES } from './nic-handle.ts'
import { Rss } from './rss.ts'
import { RingConsumer, type RingHandle, RingProducer } from './spsc-ring.ts'

/** What {@link NicWire.deliver} answers when no queue took the packet; the packet has its fate. */
export const NOT_RECEIVED = -1
/** What {@link NicWire.offer} answers when the queue has no free descriptor now: the packet was not delivered. */
export const WOULD_BLOCK = -2
/** What {@link NicWire.refusal} answers of a frame that the MAC takes. */
export const FRAME_ACCEPTED = -1

const ETHERTYPE_VLAN_HIGH = 0x81

interface WireQueue {
  readonly fill: RingConsumer
  readonly completion: RingProducer
  readonly counters: CounterBlock
}

/**
 * The wire's end of a card: the MAC and its DMA engine. One object in one thread, the one that generates traffic and
 * collects what comes out; with other cards' wires in the same thread, since frames go home from any card to any other.
 */
export class NicWire {
  readonly #memory: GuestMemory
  readonly #handle: NicHandle
  readonly #rss: Rss
  readonly #queues: readonly WireQueue[]
  readonly #tx: readonly RingConsumer[]
  readonly #stack: readonly RingConsumer[]
  readonly #mac: CounterBlock
  readonly #macFates: CounterBlock
  readonly #cursor = new FrameCursor()
  readonly #drained = new DrainedCursor()
  readonly #copier: FrameCopier
  /** What one packet's buffers hold, whatever the MTU. */
  readonly #mostBytes: number
  /** Number of the next packet that is delivered, modulo 2^32. */
  nextPacket = 0

  constructor(memory: GuestMemory, handle: NicHandle, rss: ToeplitzOptions = {}) {
    this.#memory = memory
    this.#handle = handle
    this.#copier = new FrameCopier(memory)
    this.#mostBytes = handle.headBytes + MAX_SKB_FRAGS * handle.fragBytes
    this.#rss = new Rss(memory, handle.indirection, rss)
    this.#queues = handle.queues.map((queue) => ({
      fill: new RingConsumer(memory, queue.fill),
      completion: new RingProducer(memory, queue.completion),
      counters: new CounterBlock(memory, queue.wireCounters),
    }))
    this.#tx = sharedOnce(handle.cpus.map((cpu) => cpu.tx)).map((ring) => new RingConsumer(memory, ring))
    this.#stack = handle.cpus.map((cpu) => new RingConsumer(memory, cpu.stack))
    this.#mac = new CounterBlock(memory, handle.macCounters)
    this.#macFates = new CounterBlock(memory, handle.macFates)
  }

  /** The card as plain data. */
  get handle(): NicHandle {
    return this.#handle
  }

  /** RSS hash and indirection of this card. */
  get rss(): Rss {
    return this.#rss
  }

  /**
   * A frame arrives: the MAC checks its length, RSS chooses the queue, the bytes go to a free frame of guest memory.
   *
   * @param bytes holds the frame at `offsetBytes`, without preamble and check sequence; may be guest memory itself
   * @param timestampNs modelled arrival time
   * @returns the queue, or {@link NOT_RECEIVED} when the packet ended as ring_full, too_long, too_short or link_down
   */
  deliver(bytes: Uint8Array, offsetBytes: number, lengthBytes: number, timestampNs: number): number {
    if (!this.#accept(bytes, offsetBytes, lengthBytes)) return NOT_RECEIVED
    const hash = this.#rss.hash(bytes, offsetBytes, lengthBytes)
    const queue = this.#rss.queue(hash)
    if (this.#receive(queue, hash, bytes, offsetBytes, lengthBytes, timestampNs)) return queue
    const counters = this.#queueAt(queue).counters
    counters.add(QUEUE_WIRE.packets, 1)
    counters.add(QUEUE_WIRE.missed, 1)
    return NOT_RECEIVED
  }

  /**
   * As {@link deliver}, for a sender that can wait (as with PAUSE frames): where the queue has no free descriptor, the
   * packet is not delivered nor counted, and {@link WOULD_BLOCK} asks to try again after a poll.
   *
   * @param hash what `rss.hash` says of the frame, for a sender that knows it from before
   */
  offer(
    bytes: Uint8Array,
    offsetBytes: number,
    lengthBytes: number,
    timestampNs: number,
    hash: number = this.#rss.hash(bytes, offsetBytes, lengthBytes),
  ): number {
    if (this.refusal(bytes, offsetBytes, lengthBytes) !== FRAME_ACCEPTED) {
      this.#accept(bytes, offsetBytes, lengthBytes)
      return NOT_RECEIVED
    }
    const queue = this.#rss.queue(hash)
    if (!this.#receive(queue, hash, bytes, offsetBytes, lengthBytes, timestampNs)) {
      // Waiting would not help where the whole ring has too few descriptors.
      if (this.#fragsOf(lengthBytes) < this.#queueAt(queue).fill.capacity) return WOULD_BLOCK
      return this.deliver(bytes, offsetBytes, lengthBytes, timestampNs)
    }
    this.#mac.add(MAC.packets, 1)
    this.#mac.add(MAC.bytes, lengthBytes)
    return queue
  }

  /** Packets of one buffer that queue `index` can take now. */
  room(index: number): number {
    const queue = this.#queueAt(index)
    return Math.min(queue.fill.available(), queue.completion.free())
  }

  /** Packets that were delivered to queue `index` and not yet polled. */
  waiting(index: number): number {
    const queue = this.#queueAt(index)
    return queue.completion.capacity - queue.completion.free()
  }

  /** Takes what the card sent; frames go home. @returns the number of packets */
  drainTx(each: (frame: DrainedFrame) => void): number {
    let count = 0
    for (let cpu = 0; cpu < this.#tx.length; cpu++) count += this.#drain(this.#tx[cpu] as RingConsumer, cpu, each)
    return count
  }

  /** Takes what went up the stack; frames go home. @returns the number of packets */
  drainStack(each: (frame: DrainedFrame) => void): number {
    let count = 0
    for (let cpu = 0; cpu < this.#stack.length; cpu++) {
      count += this.#drain(this.#stack[cpu] as RingConsumer, cpu, each)
    }
    return count
  }

  #accept(bytes: Uint8Array, offsetBytes: number, lengthBytes: number): boolean {
    this.#mac.add(MAC.packets, 1)
    this.#mac.add(MAC.bytes, lengthBytes)
    const fate = this.refusal(bytes, offsetBytes, lengthBytes)
    if (fate === FRAME_ACCEPTED) return true
    this.#macFates.add(fate, 1)
    return false
  }

  /** Books packets that reached their queues without this object. */
  book(packets: number, bytes: number): void {
    this.#mac.add(MAC.packets, packets)
    this.#mac.add(MAC.bytes, bytes)
  }

  /** Books packets that the MAC refused without {@link deliver}. @param fate what {@link refusal} answered */
  bookRefused(fate: number, packets: number, bytes: number): void {
    this.book(packets, bytes)
    this.#macFates.add(fate, packets)
  }

  /** The place in FATES of a frame that the MAC refuses now, or {@link FRAME_ACCEPTED}. */
  refusal(bytes: Uint8Array, offsetBytes: number, lengthBytes: number): number {
    const u32 = this.#memory.u32
    if (u32[(this.#handle.control + NIC_CONTROL.up) >>> 2] === 0) return FATE.link_down
    if (lengthBytes < ETH_HEADER_BYTES) return FATE.too_short
    let most = (u32[(this.#handle.netDevice + NET_DEVICE.mtu) >>> 2] as number) + ETH_HEADER_BYTES
    if (bytes[offsetBytes + 12] === ETHERTYPE_VLAN_HIGH && bytes[offsetBytes + 13] === 0) most += VLAN_TAG_BYTES
    return lengthBytes > most || lengthBytes > this.#mostBytes ? FATE.too_long : FRAME_ACCEPTED
  }

  /** Whether a frame of up to so many bytes may come in over several buffers, as the MTU is now. */
  mayReceiveFrags(longestBytes: number): boolean {
    const mtu = this.#memory.u32[(this.#handle.netDevice + NET_DEVICE.mtu) >>> 2] as number
    return Math.min(longestBytes, mtu + ETH_HEADER_BYTES + VLAN_TAG_BYTES) > this.#handle.headBytes
  }

  /** Buffers that a packet of this length needs beside the first. */
  #fragsOf(lengthBytes: number): number {
    const { headBytes, fragBytes } = this.#handle
    return lengthBytes <= headBytes ? 0 : Math.ceil((lengthBytes - headBytes) / fragBytes)
  }

  #receive(
    index: number,
    hash: number,
    bytes: Uint8Array,
    offsetBytes: number,
    lengthBytes: number,
    timestampNs: number,
  ): boolean {
    const queue = this.#queueAt(index)
    const { headBytes, headroomBytes, frameBytes } = this.#handle
    const frags = this.#fragsOf(lengthBytes)
    if (queue.fill.available() <= frags) return false
    const descriptor = queue.completion.reserve()
    if (descriptor === 0) return false
    const cursor = this.#cursor
    cursor.frame = this.#memory.u32[queue.fill.entry(0) >>> 2] as number
    cursor.frameBytes = frameBytes
    cursor.data = cursor.frame + headroomBytes
    cursor.dataMeta = cursor.data
    cursor.dataEnd = cursor.data + Math.min(lengthBytes, headBytes)
    cursor.flags = 0
    cursor.fragsBytes = 0
    cursor.skbType = 0
    cursor.timestampNs = timestampNs
    cursor.packetIndex = this.nextPacket
    cursor.rssHash = hash
    cursor.home = (this.#handle.queues[index] as { returns: { address: number } }).returns.address
    cursor.ingressIfindex = this.#handle.ifindex
    cursor.queue = index
    this.nextPacket = (this.nextPacket + 1) >>> 0
    this.#copier.copy(cursor.data, bytes, offsetBytes, cursor.dataEnd - cursor.data)
    if (frags > 0) this.#receiveFrags(queue, frags, bytes, offsetBytes + headBytes, lengthBytes - headBytes)
    queue.fill.release(1 + frags)
    cursor.store(this.#memory, descriptor)
    queue.completion.publish()
    queue.counters.add(QUEUE_WIRE.packets, 1)
    queue.counters.add(QUEUE_WIRE.bytes, lengthBytes)
    return true
  }

  /** What the first buffer of the packet at the cursor has no room for goes into further ones. */
  #receiveFrags(queue: WireQueue, frags: number, bytes: Uint8Array, offsetBytes: number, lengthBytes: number): void {
    const { fragBytes } = this.#handle
    Atomics.store(this.#memory.i32, (this.#handle.control + NIC_CONTROL.frags) >>> 2, 1)
    clearFrags(this.#memory, this.#cursor)
    for (let n = 0; n < frags; n++) {
      const buffer = this.#memory.u32[queue.fill.entry(1 + n) >>> 2] as number
      const some = Math.min(fragBytes, lengthBytes - n * fragBytes)
      this.#copier.copy(buffer, bytes, offsetBytes + n * fragBytes, some)
      addFrag(this.#memory, this.#cursor, buffer, some)
    }
  }

  #drain(ring: RingConsumer, cpu: number, each: (frame: DrainedFrame) => void): number {
    const count = ring.available()
    const cursor = this.#cursor
    const drained = this.#drained
    for (let n = 0; n < count; n++) {
      cursor.load(this.#memory, ring.entry(0))
      drained.show(this.#memory, cursor, cpu)
      each(drained)
      // In this order: the CPU may want an entry for the frame again as soon as that is home.
      ring.release(1)
      eachBuffer(this.#memory, cursor, (buffer) => returnFrame(this.#memory, cursor.home, buffer))
      returnFrame(this.#memory, cursor.home, cursor.frame)
    }
    return count
  }

  #queueAt(index: number): WireQueue {
    return this.#queues[index] as WireQueue
  }
}

/** Rings that several CPUs share are drained once. */
function sharedOnce(rings: readonly RingHandle[]): readonly RingHandle[] {
  return [...new Map(rings.map((ring) => [ring.address, ring])).values()]
}
