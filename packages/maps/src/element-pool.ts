/**
 * The elements of a hash map, all in one array in guest memory, and who owns which of them.
 *
 * An element is *fresh* (never used: its page is not touched), *free* (on the list of a slot), or out: in a bucket, or
 * the spare of a stripe. There is a slot a CPU and one more for the syscall side. Each has its own list, last in first
 * out, so that CPUs seldom meet; a CPU that finds its list empty takes a fresh element, then one of another slot.
 *
 * ```
 *  slot    | lock | free list head |  64 bytes
 *  element | next in chain or list | what else the table keeps |
 * ```
 */
import { acquireLock, type GuestMemory, releaseLock } from '@bpfoundry/guest-memory'

/** Bytes of a slot: a cache line. */
export const SLOT_BYTES = 64
/** Words after the counter of fresh elements. */
export const FROM_START = 1
export const FROM_END = 2
/** Word of a slot that leads to its first free element. */
export const FREE = 1

/** Geometry of a pool; addresses are guest addresses. */
export interface PoolPlace {
  readonly memory: GuestMemory
  /** Elements handed out by {@link ElementPool.take}. */
  readonly capacity: number
  readonly slotCount: number
  readonly slots: number
  /**
   * Guest address of the word that counts the elements that are no longer fresh. Where some are taken for permits, two
   * more words follow: how many were taken from the beginning, and how many from the end.
   */
  readonly freshCounter: number
  /** Some elements are only ever taken in stead of others, as permits: those come from the end, so that no page is wasted. */
  readonly permits?: boolean
  readonly elements: number
  readonly elementBytes: number
  /** Per-CPU values: address of CPU 0's first value, bytes of a value, and where in the element its address is kept. */
  readonly perCpu?: { readonly values: number; readonly valueBytes: number; readonly pointerOffset: number }
}

export class ElementPool {
  private readonly place: PoolPlace
  private readonly memory: GuestMemory

  constructor(place: PoolPlace) {
    this.place = place
    this.memory = place.memory
  }

  /**
   * An element that nobody else has, or 0 when all are in use.
   *
   * @param asPermit it will not be written to
   */
  take(slot: number, asPermit = false): number {
    return this.popFree(slot) || this.takeFresh(asPermit) || this.steal(slot)
  }

  /** Gives back an element that no bucket links to any more. */
  give(slot: number, element: number): void {
    const { u32 } = this.memory
    const at = this.slotWord(slot)
    acquireLock(this.memory, at << 2)
    u32[element >>> 2] = u32[at + FREE] as number
    u32[at + FREE] = element
    releaseLock(this.memory, at << 2)
  }

  private slotWord(slot: number): number {
    return (this.place.slots + slot * SLOT_BYTES) >>> 2
  }

  private popFree(slot: number): number {
    const { u32 } = this.memory
    const at = this.slotWord(slot)
    // Only a glance: who gives an element back to another's list at this moment is not waited for.
    if (u32[at + FREE] === 0) return 0
    acquireLock(this.memory, at << 2)
    const element = u32[at + FREE] as number
    if (element !== 0) u32[at + FREE] = u32[element >>> 2] as number
    releaseLock(this.memory, at << 2)
    return element
  }

  private takeFresh(asPermit: boolean): number {
    const { u32, i32 } = this.memory
    const { capacity, freshCounter, elements, elementBytes, perCpu } = this.place
    const counter = freshCounter >>> 2
    for (;;) {
      const taken = i32[counter] as number
      if (taken >= capacity) return 0
      if (Atomics.compareExchange(i32, counter, taken, taken + 1) !== taken) continue
      const index = this.place.permits === true ? this.freshIndex(counter, asPermit) : taken
      const element = elements + index * elementBytes
      if (perCpu !== undefined) {
        u32[(element + perCpu.pointerOffset) >>> 2] = perCpu.values + index * perCpu.valueBytes
      }
      return element
    }
  }

  /** The next index from one end; both together never exceed what was counted before. */
  private freshIndex(counter: number, asPermit: boolean): number {
    const { i32 } = this.memory
    if (!asPermit) return Atomics.add(i32, counter + FROM_START, 1)
    return this.place.capacity - 1 - Atomics.add(i32, counter + FROM_END, 1)
  }

  private steal(slot: number): number {
    const { slotCount } = this.place
    for (let other = (slot + 1) % slotCount; other !== slot; other = (other + 1) % slotCount) {
      const element = this.popFree(other)
      if (element !== 0) return element
    }
    return 0
  }
}
