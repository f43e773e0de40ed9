import { acquireLock, type GuestMemory, releaseLock } from '@bpfoundry/guest-memory'
import { eachBuffer } from './frags.ts'
import type { FrameCursor } from './frame-descriptor.ts'
import { RingConsumer, type RingHandle, RingProducer } from './spsc-ring.ts'

const HEADER_BYTES = 64
/** Offset of the stack of free frames from the pool's address, where their number stands. */
export const POOL_FRAMES_OFFSET_BYTES: number = HEADER_BYTES

/** Bytes of guest memory of a pool of up to `frames` frames: a count, then a stack of u32 frame addresses. */
export function framePoolBytes(frames: number): number {
  return HEADER_BYTES + frames * 4
}

/** Fills a new pool. */
export function initializePool(memory: GuestMemory, pool: number, frames: readonly number[]): void {
  memory.u32[pool >>> 2] = frames.length
  memory.u32.set(frames, (pool + HEADER_BYTES) >>> 2)
}

/** Where a queue's frames are kept: the rings and the pool of its handle. */
export interface FramePoolHandle {
  readonly pool: number
  readonly returns: RingHandle
  readonly remoteReturns: RingHandle
  readonly fill: RingHandle
}

/*
 * Whoever sends a frame home knows the address of its return ring only. So the words behind the ring's tail tell its
 * capacity, and the address of the ring for the frames that other CPUs have; there a lock word stands behind the capacity.
 */
const CAPACITY = 1
const REMOTE = 2
const LOCK_BYTES = 8
const ENTRIES = 32

/** Fills in what {@link returnFrame} and {@link returnFrameFromCpu} read. */
export function initializeReturns({ u32 }: GuestMemory, { returns, remoteReturns }: FramePoolHandle): void {
  u32[(returns.address >>> 2) + CAPACITY] = returns.capacity
  u32[(returns.address >>> 2) + REMOTE] = remoteReturns.address
  u32[(remoteReturns.address >>> 2) + CAPACITY] = remoteReturns.capacity
}

/** Sends a frame home from the wire side. Return rings hold every frame of their queue, so they are never full. */
export function returnFrame({ i32, u32 }: GuestMemory, home: number, frame: number): void {
  const ring = home >>> 2
  const tail = i32[ring] as number
  u32[ring + ENTRIES + (tail & ((u32[ring + CAPACITY] as number) - 1))] = frame
  Atomics.store(i32, ring, (tail + 1) | 0)
}

/** Sends a frame home from a CPU that does not poll its queue. */
export function returnFrameFromCpu(memory: GuestMemory, home: number, frame: number): void {
  const remote = memory.u32[(home >>> 2) + REMOTE] as number
  acquireLock(memory, remote + LOCK_BYTES)
  returnFrame(memory, remote, frame)
  releaseLock(memory, remote + LOCK_BYTES)
}

/**
 * The free frames of one queue, as the polling CPU keeps them: a stack, so that the frame given out next is the one
 * still in the cache. What the wire side sent or captured comes home through the return ring.
 *
 * @see Documentation/networking/page_pool.rst
 */
export class FramePool {
  readonly #memory: GuestMemory
  readonly #count: number
  readonly #stack: number
  readonly #returns: RingConsumer
  readonly #remoteReturns: RingConsumer
  readonly #fill: RingProducer

  constructor(memory: GuestMemory, handle: FramePoolHandle) {
    this.#memory = memory
    this.#count = handle.pool >>> 2
    this.#stack = (handle.pool + HEADER_BYTES) >>> 2
    this.#returns = new RingConsumer(memory, handle.returns)
    this.#remoteReturns = new RingConsumer(memory, handle.remoteReturns)
    this.#fill = new RingProducer(memory, handle.fill)
  }

  /** The fill ring, for poll programs that post frames themselves: {@link posted} tells how many. */
  get fill(): RingProducer {
    return this.#fill
  }

  /** `count` frames were written to the fill ring by way of {@link fill}; the card sees them after {@link refill}. */
  posted(count: number): void {
    this.#fill.reserveMany(count)
  }

  /** Takes `frame` back. */
  give(frame: number): void {
    const u32 = this.#memory.u32
    const count = u32[this.#count] as number
    u32[this.#stack + count] = frame
    u32[this.#count] = count + 1
  }

  /** Takes all frames of a packet back. */
  release(packet: FrameCursor): void {
    this.give(packet.frame)
    eachBuffer(this.#memory, packet, (buffer) => this.give(buffer))
  }

  /** A free frame, or 0 when there is none. */
  take(): number {
    const u32 = this.#memory.u32
    let count = u32[this.#count] as number
    if (count === 0) count = this.#collect()
    if (count === 0) return 0
    u32[this.#count] = count - 1
    return u32[this.#stack + count - 1] as number
  }

  /**
   * Posts free frames to the card until its fill ring is full.
   *
   * @returns frames that were missing
   */
  refill(): number {
    let missing = this.#fill.free()
    while (missing > 0) {
      const frame = this.take()
      if (frame === 0) break
      this.#fill.pushWord(frame)
      missing--
    }
    this.#fill.publish()
    return missing
  }

  /** Moves everything that came home onto the stack. @returns the new count */
  #collect(): number {
    return this.#collectFrom(this.#remoteReturns, this.#collectFrom(this.#returns, 0))
  }

  #collectFrom(ring: RingConsumer, count: number): number {
    const waiting = ring.available()
    const u32 = this.#memory.u32
    for (let ahead = 0; ahead < waiting; ahead++) {
      u32[this.#stack + count + ahead] = u32[ring.entry(ahead) >>> 2] as number
    }
    ring.release(waiting)
    return count + waiting
  }
}
