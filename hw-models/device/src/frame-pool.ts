import type { GuestMemory } from '@bpfoundry/guest-memory'
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
  readonly fill: RingHandle
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
  readonly #fill: RingProducer

  constructor(memory: GuestMemory, handle: FramePoolHandle) {
    this.#memory = memory
    this.#count = handle.pool >>> 2
    this.#stack = (handle.pool + HEADER_BYTES) >>> 2
    this.#returns = new RingConsumer(memory, handle.returns)
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
    const waiting = this.#returns.available()
    const u32 = this.#memory.u32
    for (let ahead = 0; ahead < waiting; ahead++) {
      u32[this.#stack + ahead] = u32[this.#returns.entry(ahead) >>> 2] as number
    }
    this.#returns.release(waiting)
    return waiting
  }
}
