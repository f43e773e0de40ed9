import type { GuestMemory } from '@bpfoundry/guest-memory'
import { MAX_SKB_FRAGS, NET_DEVICE } from '@bpfoundry/kernel-abi'
import type { ToeplitzOptions } from '@bpfoundry/packet'
import { CounterBlock, MAC, QUEUE_WIRE } from './counters.ts'
import { FATE } from './fates.ts'
import { addFrag, clearFrags, eachBuffer, packetBytes } from './frags.ts'
import { FRAME_FLAG, FrameCursor } from './frame-descriptor.ts'
import { returnFrame } from './frame-pool.ts'
import { ETH_HEADER_BYTES, NIC_CONTROL, type NicHandle, VLAN_TAG_BYTES } from './nic-handle.ts'
import { Rss } from './rss.ts'
import { ethTypeTrans, type SkbType, unpackSkbType } from './skb-type.ts'
import { RingConsumer, type RingHandle, RingProducer } from './spsc-ring.ts'

/** What {@link NicWire.deliver} answers when no queue took the packet; the packet has its fate. */
export const NOT_RECEIVED = -1
/** What {@link NicWire.offer} answers when the queue has no free descriptor now: the packet was not delivered. */
export const WOULD_BLOCK = -2
/** What {@link NicWire.refusal} answers of a frame that the MAC takes. */
export const FRAME_ACCEPTED = -1

/** A packet that came out of a card: on the wire, or for the stack. Only valid during the call; `bytes` is guest memory. */
export interface DrainedFrame {
  readonly bytes: Uint8Array
  /** First byte in `bytes`, and number of bytes. */
  readonly offsetBytes: number
  readonly lengthBytes: number
  /** XDP metadata lies in the `metaBytes` bytes before `offsetBytes`. */
  readonly metaBytes: number
  readonly timestampNs: number
  readonly packetIndex: number
  readonly rssHash: number
  /** Where it came in. */
  readonly ingressIfindex: number
  readonly queue: number
  /** CPU that handled it; of rings that CPUs share, the first of them. */
  readonly cpu: number
  /** It came in over several buffers, and is shown in one piece. */
  readonly frags: boolean
  /** It is a copy of a packet that went to several devices. */
  readonly copy: boolean
  /** `skb->protocol` and `skb->pkt_type` where it went up the stack. @param mac the interface's address */
  skbType(mac: readonly number[]): SkbType
}

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
    if (!this.#receive(queue, hash, bytes, offsetBytes, lengthBytes, timestampNs)) return WOULD_BLOCK
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

  #receive(
    index: number,
    hash: number,
    bytes: Uint8Array,
    offsetBytes: number,
    lengthBytes: number,
    timestampNs: number,
  ): boolean {
    const queue = this.#queueAt(index)
    const { headBytes, fragBytes, headroomBytes, frameBytes } = this.#handle
    const frags = lengthBytes <= headBytes ? 0 : Math.ceil((lengthBytes - headBytes) / fragBytes)
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

/** One object for every drained frame: `each` gets it filled anew. */
class DrainedCursor implements DrainedFrame {
  bytes: Uint8Array = new Uint8Array(0)
  offsetBytes = 0
  lengthBytes = 0
  metaBytes = 0
  timestampNs = 0
  packetIndex = 0
  rssHash = 0
  ingressIfindex = 0
  queue = 0
  cpu = 0
  frags = false
  copy = false
  #skbType = 0

  show(memory: GuestMemory, cursor: FrameCursor, cpu: number): void {
    this.frags = (cursor.flags & FRAME_FLAG.frags) !== 0
    this.copy = (cursor.flags & FRAME_FLAG.copy) !== 0
    this.bytes = this.frags ? packetBytes(memory, cursor) : memory.u8
    this.offsetBytes = this.frags ? cursor.data - cursor.dataMeta : cursor.data
    this.lengthBytes = cursor.lengthBytes
    this.#skbType = cursor.skbType
    this.metaBytes = cursor.data - cursor.dataMeta
    this.timestampNs = cursor.timestampNs
    this.packetIndex = cursor.packetIndex
    this.rssHash = cursor.rssHash
    this.ingressIfindex = cursor.ingressIfindex
    this.queue = cursor.queue
    this.cpu = cpu
  }

  skbType(mac: readonly number[]): SkbType {
    return this.#skbType === 0 ? ethTypeTrans(this.bytes, this.offsetBytes, mac) : unpackSkbType(this.#skbType)
  }
}

/** Rings that several CPUs share are drained once. */
function sharedOnce(rings: readonly RingHandle[]): readonly RingHandle[] {
  return [...new Map(rings.map((ring) => [ring.address, ring])).values()]
}

/** Below this a loop beats the call, which must make a view first. */
const LOOP_BYTES = 256

/**
 * Copies frames into guest memory. Traffic mostly comes from one array, a capture's or a generator's: a view of it is
 * kept, so that words can be copied at any alignment; a loop over bytes takes five times as long.
 */
class FrameCopier {
  readonly #memory: GuestMemory
  #source: Uint8Array | undefined
  #view: DataView | undefined

  constructor(memory: GuestMemory) {
    this.#memory = memory
  }

  /** Copies `lengthBytes` bytes at `offsetBytes` to the guest address `at`, a multiple of 4. */
  copy(at: number, bytes: Uint8Array, offsetBytes: number, lengthBytes: number): void {
    const { u8, u32 } = this.#memory
    const view = lengthBytes > LOOP_BYTES ? undefined : this.#viewOf(bytes)
    if (view === undefined) {
      const whole = offsetBytes === 0 && lengthBytes === bytes.length
      u8.set(whole ? bytes : bytes.subarray(offsetBytes, offsetBytes + lengthBytes), at)
      return
    }
    const words = lengthBytes >>> 2
    for (let n = 0; n < words; n++) u32[(at >>> 2) + n] = view.getUint32(offsetBytes + 4 * n, true)
    for (let n = 4 * words; n < lengthBytes; n++) u8[at + n] = bytes[offsetBytes + n] as number
  }

  /** A view of the array, from the second time on that it comes in a row. */
  #viewOf(bytes: Uint8Array): DataView | undefined {
    if (bytes !== this.#source) {
      this.#source = bytes
      this.#view = undefined
      return undefined
    }
    this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return this.#view
  }
}
