import type { GuestMemory } from '@bpfoundry/guest-memory'

/**
 * A ring between exactly one producer and one consumer, which may be in different threads.
 *
 * ```
 *  +0    tail: entries ever published (u32, wraps)     written by the producer only
 *  +32   lock word, where several producers take turns
 *  +64   head: entries ever released (u32, wraps)      written by the consumer only
 *  +128  entries, `entryBytes` each, index & (capacity - 1)
 * ```
 *
 * The two counters lie on cache lines of their own. An entry is written before the tail is stored, and read before the
 * head is stored; both stores are Atomics, hence sequentially consistent, so no entry is seen half written or reused early.
 * Capacity is a power of two, so that free-running counters may wrap.
 */
export interface RingHandle {
  readonly address: number
  readonly capacity: number
  /** 4 or a multiple of 8. */
  readonly entryBytes: number
}

/** Offset of the lock word of producers that share a ring. */
export const RING_LOCK_OFFSET_BYTES = 32
const HEAD_OFFSET_BYTES = 64
const ENTRIES_OFFSET_BYTES = 128

/** Bytes of guest memory of a ring. */
export function ringBytes(capacity: number, entryBytes: number): number {
  return ENTRIES_OFFSET_BYTES + capacity * entryBytes
}

/** The producer's end. One object in one thread at a time. */
export class RingProducer {
  readonly capacity: number
  readonly #memory: GuestMemory
  readonly #tail: number
  readonly #head: number
  readonly #entries: number
  readonly #entryBytes: number
  /** Entries written but not yet published. */
  #staged = 0

  constructor(memory: GuestMemory, ring: RingHandle) {
    this.#memory = memory
    this.capacity = ring.capacity
    this.#tail = ring.address >>> 2
    this.#head = (ring.address + HEAD_OFFSET_BYTES) >>> 2
    this.#entries = ring.address + ENTRIES_OFFSET_BYTES
    this.#entryBytes = ring.entryBytes
  }

  /** Guest address of entry 0, for programs that fill the ring themselves. */
  get entries(): number {
    return this.#entries
  }

  /** Number of the next entry, free-running. */
  get tail(): number {
    return ((this.#memory.i32[this.#tail] as number) + this.#staged) | 0
  }

  /** Guest address of the entry in place `index`, below the capacity. */
  addressOf(index: number): number {
    return this.#entries + index * this.#entryBytes
  }

  /** Reserves entries that were filled by way of {@link entries}; there must be room for them. */
  reserveMany(count: number): void {
    this.#staged += count
  }

  /** Entries that can be reserved now. */
  free(): number {
    const i32 = this.#memory.i32
    const used = ((i32[this.#tail] as number) + this.#staged - Atomics.load(i32, this.#head)) | 0
    return this.capacity - used
  }

  /** Guest address of the next entry, for the caller to fill, or 0 when the ring is full. Not seen before {@link publish}. */
  reserve(): number {
    const i32 = this.#memory.i32
    const next = ((i32[this.#tail] as number) + this.#staged) | 0
    if (((next - Atomics.load(i32, this.#head)) | 0) >= this.capacity) return 0
    this.#staged++
    return this.#entries + (next & (this.capacity - 1)) * this.#entryBytes
  }

  /** Lets the consumer see all reserved entries. */
  publish(): void {
    if (this.#staged === 0) return
    const i32 = this.#memory.i32
    Atomics.store(i32, this.#tail, ((i32[this.#tail] as number) + this.#staged) | 0)
    this.#staged = 0
  }

  /** Reserves and fills an entry of one word. @returns false when the ring is full */
  pushWord(value: number): boolean {
    const address = this.reserve()
    if (address === 0) return false
    this.#memory.u32[address >>> 2] = value
    return true
  }
}

/** The consumer's end. One object in one thread at a time. */
export class RingConsumer {
  readonly capacity: number
  readonly #memory: GuestMemory
  readonly #tail: number
  readonly #head: number
  readonly #entries: number
  readonly #entryBytes: number

  constructor(memory: GuestMemory, ring: RingHandle) {
    this.#memory = memory
    this.capacity = ring.capacity
    this.#tail = ring.address >>> 2
    this.#head = (ring.address + HEAD_OFFSET_BYTES) >>> 2
    this.#entries = ring.address + ENTRIES_OFFSET_BYTES
    this.#entryBytes = ring.entryBytes
  }

  /** Guest address of entry 0, for programs that walk the ring themselves. */
  get entries(): number {
    return this.#entries
  }

  /** Number of the first waiting entry, free-running. */
  get head(): number {
    return this.#memory.i32[this.#head] as number
  }

  /** Entries published and not yet released. */
  available(): number {
    const i32 = this.#memory.i32
    return (Atomics.load(i32, this.#tail) - (i32[this.#head] as number)) | 0
  }

  /** Guest address of the `ahead`-th waiting entry; only valid below {@link available}. */
  entry(ahead: number): number {
    const index = ((this.#memory.i32[this.#head] as number) + ahead) & (this.capacity - 1)
    return this.#entries + index * this.#entryBytes
  }

  /** Gives the first `count` waiting entries back to the producer. */
  release(count: number): void {
    if (count === 0) return
    const i32 = this.#memory.i32
    Atomics.store(i32, this.#head, ((i32[this.#head] as number) + count) | 0)
  }

  /** Takes an entry of one word, or 0 when the ring is empty. */
  popWord(): number {
    if (this.available() === 0) return 0
    const value = this.#memory.u32[this.entry(0) >>> 2] as number
    this.release(1)
    return value
  }
}
