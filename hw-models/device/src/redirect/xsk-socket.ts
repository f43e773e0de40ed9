import { type GuestMemory, readU64, type StructLayout, structLayout, writeU64 } from '@bpfoundry/guest-memory'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { CounterBlock, counterBytes } from '../counters.ts'
import { DeviceError } from '../device-error.ts'
import { copyLinear } from '../frags.ts'
import type { FrameCursor } from '../frame-descriptor.ts'
import { type NicHandle, XDP_PACKET_HEADROOM_BYTES } from '../nic-handle.ts'
import { RingConsumer, type RingHandle, RingProducer, ringBytes } from '../spsc-ring.ts'

/** Statistics of a socket, as getsockopt(XDP_STATISTICS) names them, and what it got. @see include/uapi/linux/if_xdp.h */
const XSK_COUNTERS = ['rx_dropped', 'rx_ring_full', 'rx_fill_ring_empty_descs', 'packets', 'bytes'] as const

/** Statistics of an AF_XDP socket. */
export type XskStatistics = Record<(typeof XSK_COUNTERS)[number], number>

const COUNTER = { dropped: 0, ringFull: 1, fillEmpty: 2, packets: 3, bytes: 4 } as const

/** A socket in guest memory: what programs see of it (`struct bpf_xdp_sock`) comes first. */
const BLOCK: StructLayout<
  | 'queue'
  | 'ifindex'
  | 'bound'
  | 'umem'
  | 'chunkBytes'
  | 'headroomBytes'
  | 'rx'
  | 'rxCapacity'
  | 'fill'
  | 'fillCapacity'
> = structLayout({
  queue: 'u32',
  ifindex: 'u32',
  bound: 'u32',
  umem: 'u32',
  chunkBytes: 'u32',
  /** Head room that the application asks for, beside XDP's own. */
  headroomBytes: 'u32',
  rx: 'u32',
  rxCapacity: 'u32',
  fill: 'u32',
  fillCapacity: 'u32',
})

/** struct xdp_desc: u64 address in the umem, u32 length, u32 options. */
const RX_DESCRIPTOR_BYTES = 16

/** Options of {@link createXskSocket}; what is absent is as in libxdp. */
export interface XskOptions {
  readonly nic: NicHandle
  /** Receive queue that it is bound to, 0 when absent. */
  readonly queue?: number
  /** Descriptors of the rx ring and of the fill ring, powers of two; 2048 when absent. */
  readonly rxRing?: number
  readonly fillRing?: number
  /** Chunks of the umem, 4096 when absent, and bytes of one: 2048 or 4096, which is what it is when absent. */
  readonly chunks?: number
  readonly chunkBytes?: number
  readonly headroomBytes?: number
}

/**
 * Makes an AF_XDP socket in copy mode with a umem of its own, bound to a queue; all chunks that fit are in its fill ring. On
 * the thread that owns the memory.
 *
 * @returns guest address of its block: what an xskmap holds
 * @throws DeviceError DEVICE_XSK, DEVICE_QUEUE_UNKNOWN; GuestMemoryError GUEST_MEMORY_EXHAUSTED
 */
export function createXskSocket(memory: GuestMemory, options: XskOptions): number {
  const {
    nic,
    queue = 0,
    rxRing = 2048,
    fillRing = 2048,
    chunks = 4096,
    chunkBytes = 4096,
    headroomBytes = 0,
  } = options
  checkOptions({ nic, queue, rxRing, fillRing, chunks, chunkBytes, headroomBytes })
  const rings = memory.allocate(
    `${nic.name} xsk ${queue}`,
    'ring',
    ringBytes(rxRing, RX_DESCRIPTOR_BYTES) + ringBytes(fillRing, 4) + 64 + counterBytes(XSK_COUNTERS.length),
  )
  const umem = memory.allocate(`${nic.name} umem ${queue}`, 'packet', chunks * chunkBytes, 4096)
  const block = rings.address
  const rx = block + 64 + counterBytes(XSK_COUNTERS.length)
  const fill = rx + ringBytes(rxRing, RX_DESCRIPTOR_BYTES)
  const values = { queue, ifindex: nic.ifindex, bound: 1, umem: umem.address, chunkBytes, headroomBytes }
  const places = { rx, rxCapacity: rxRing, fill, fillCapacity: fillRing }
  for (const [name, value] of Object.entries({ ...values, ...places })) {
    memory.u32[(block + BLOCK.fields[name as keyof typeof values].offsetBytes) >>> 2] = value
  }
  const producer = new RingProducer(memory, { address: fill, capacity: fillRing, entryBytes: 4 })
  for (let chunk = 0; chunk < Math.min(chunks, fillRing); chunk++) producer.pushWord(chunk * chunkBytes)
  producer.publish()
  return block
}

type CheckedOptions = Required<XskOptions>

function checkOptions({ nic, queue, rxRing, fillRing, chunks, chunkBytes, headroomBytes }: CheckedOptions): void {
  const powerOfTwo = (count: number): boolean => Number.isInteger(count) && count >= 1 && (count & (count - 1)) === 0
  const rules: readonly (readonly [boolean, string, number, string])[] = [
    [nic.queues[queue] !== undefined, 'queue of an AF_XDP socket', queue, `0 to ${nic.queues.length - 1}`],
    [powerOfTwo(rxRing), 'size of the rx ring', rxRing, 'a power of two'],
    [powerOfTwo(fillRing), 'size of the fill ring', fillRing, 'a power of two'],
    [Number.isInteger(chunks) && chunks >= 1, 'number of chunks', chunks, '1 or more'],
    [chunkBytes === 2048 || chunkBytes === 4096, 'size of a chunk', chunkBytes, '2048 or 4096 bytes'],
    [
      Number.isInteger(headroomBytes) && headroomBytes >= 0 && headroomBytes < chunkBytes - XDP_PACKET_HEADROOM_BYTES,
      'head room of a chunk',
      headroomBytes,
      `0 to ${chunkBytes - XDP_PACKET_HEADROOM_BYTES - 1} bytes`,
    ],
  ]
  const broken = rules.find(([holds]) => !holds)
  if (broken === undefined) return
  const [, what, got, expected] = broken
  throw new DeviceError({ code: 'DEVICE_XSK', message: `${what} out of range`, got, expected })
}

/** Reads a socket's block. */
class XskBlock {
  readonly memory: GuestMemory
  readonly counters: CounterBlock
  readonly #address: number

  constructor(memory: GuestMemory, address: number) {
    memory.refresh()
    this.memory = memory
    this.#address = address
    this.counters = new CounterBlock(memory, address + 64)
  }

  get(name: keyof typeof BLOCK.fields): number {
    return this.memory.u32[(this.#address + BLOCK.fields[name].offsetBytes) >>> 2] as number
  }

  rx(): RingHandle {
    return { address: this.get('rx'), capacity: this.get('rxCapacity'), entryBytes: RX_DESCRIPTOR_BYTES }
  }

  fill(): RingHandle {
    return { address: this.get('fill'), capacity: this.get('fillCapacity'), entryBytes: 4 }
  }
}

/**
 * The kernel's side of a socket, on the CPU that polls its queue: copies packets into the umem.
 *
 * @see xsk_rcv, __xsk_rcv in net/xdp/xsk.c (6.12)
 */
export class XskReceiver {
  readonly #block: XskBlock
  readonly #rx: RingProducer
  readonly #fill: RingConsumer
  readonly #roomBytes: number

  constructor(memory: GuestMemory, address: number) {
    this.#block = new XskBlock(memory, address)
    this.#rx = new RingProducer(memory, this.#block.rx())
    this.#fill = new RingConsumer(memory, this.#block.fill())
    this.#roomBytes = this.#block.get('chunkBytes') - XDP_PACKET_HEADROOM_BYTES - this.#block.get('headroomBytes')
  }

  /** Copies a packet; it is seen after {@link flush}. @returns 0, or an errno: the packet is the caller's either way */
  receive(packet: FrameCursor): number {
    const block = this.#block
    if (block.get('bound') === 0) return ERRNO.ENXIO
    if (packet.ingressIfindex !== block.get('ifindex') || packet.queue !== block.get('queue')) return ERRNO.EINVAL
    const { lengthBytes } = packet
    if (lengthBytes > this.#roomBytes) return this.#refuse(COUNTER.dropped, ERRNO.ENOSPC)
    if (this.#fill.available() === 0) {
      block.counters.add(COUNTER.fillEmpty, 1)
      return this.#refuse(COUNTER.dropped, ERRNO.ENOMEM)
    }
    const descriptor = this.#rx.reserve()
    if (descriptor === 0) return this.#refuse(COUNTER.ringFull, ERRNO.ENOBUFS)
    const chunk = block.memory.u32[this.#fill.entry(0) >>> 2] as number
    this.#fill.release(1)
    const address = chunk + XDP_PACKET_HEADROOM_BYTES + block.get('headroomBytes')
    copyLinear(block.memory, packet, block.get('umem') + address - (packet.data - packet.dataMeta))
    writeU64(block.memory, descriptor, address)
    block.memory.u32[(descriptor + 8) >>> 2] = lengthBytes
    block.memory.u32[(descriptor + 12) >>> 2] = 0
    block.counters.add(COUNTER.packets, 1)
    block.counters.add(COUNTER.bytes, lengthBytes)
    return 0
  }

  /** The application sees what was copied so far. */
  flush(): void {
    this.#rx.publish()
  }

  #refuse(counter: number, errno: number): number {
    this.#block.counters.add(counter, 1)
    return errno
  }
}

/** The application's side of a socket, in one thread: takes packets and gives their chunks back. */
export class XskUser {
  readonly #block: XskBlock
  readonly #rx: RingConsumer
  readonly #fill: RingProducer

  constructor(memory: GuestMemory, address: number) {
    this.#block = new XskBlock(memory, address)
    this.#rx = new RingConsumer(memory, this.#block.rx())
    this.#fill = new RingProducer(memory, this.#block.fill())
  }

  /** Packets that wait in the rx ring. */
  get waiting(): number {
    return this.#rx.available()
  }

  get statistics(): XskStatistics {
    return this.#block.counters.read(XSK_COUNTERS)
  }

  /** Takes up to `most` packets. @param each gets the bytes, good during the call only @returns packets */
  receive(each: (bytes: Uint8Array) => void, most: number = Number.POSITIVE_INFINITY): number {
    const { memory } = this.#block
    const count = Math.min(most, this.#rx.available())
    const umem = this.#block.get('umem')
    for (let n = 0; n < count; n++) {
      const descriptor = this.#rx.entry(0)
      const address = readU64(memory, descriptor)
      const lengthBytes = memory.u32[(descriptor + 8) >>> 2] as number
      each(memory.u8.subarray(umem + address, umem + address + lengthBytes))
      this.#rx.release(1)
      this.#fill.pushWord(address - (address % this.#block.get('chunkBytes')))
    }
    this.#fill.publish()
    return count
  }
}
