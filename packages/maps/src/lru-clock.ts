/**
 * Which element an LRU map gives up when it is full: the clock algorithm (second chance).
 *
 * A hand goes round the elements in the order in which they were first taken. An element that was looked up since the
 * hand last passed is spared once and loses its mark; the first one without a mark goes. So elements leave in the
 * order of their insertion, but for those in use. One element is given up at a time, and only when all are in use.
 *
 * @see Corbató, A Paging Experiment with the Multics System (1968)
 */
import { acquireLock, type GuestMemory, releaseLock } from '@bpfoundry/guest-memory'
import type { HashTable } from './hash-table.ts'

/** Words of an LRU element after the first two. */
const LINKED = 2
export const MARK = 3
/** Control bytes of the hash table that are ours: lock word and hand. */
const LOCK_OFFSET = 4
const HAND_OFFSET = 8

export class LruClock {
  private readonly memory: GuestMemory
  private readonly table: HashTable
  private readonly lock: number
  private readonly hand: number
  private readonly positions: number
  /** The element that was evicted for the update going on in this thread, or 0. */
  private inHand = 0

  constructor(memory: GuestMemory, table: HashTable) {
    this.memory = memory
    this.table = table
    this.lock = table.control + LOCK_OFFSET
    this.hand = (table.control + HAND_OFFSET) >>> 2
    this.positions = table.plan.capacity + table.plan.spareCount
  }

  /** Spares the element when the hand comes to it next. */
  mark(element: number): void {
    const at = (element >>> 2) + MARK
    if (this.memory.u32[at] === 0) this.memory.u32[at] = 1
  }

  /** Under its bucket's lock: the element is in the map from now on, without a mark. */
  linked(element: number): void {
    this.memory.u32[(element >>> 2) + MARK] = 0
    this.memory.u32[(element >>> 2) + LINKED] = 1
  }

  /** Under its bucket's lock: the element is not in the map any more. */
  unlinked(element: number): void {
    this.memory.u32[(element >>> 2) + LINKED] = 0
  }

  /** An element for a new key: the one in hand, else one from the pool; 0 when there is none. */
  take(slot: number): number {
    const element = this.inHand === 0 ? this.table.pool.take(slot) : this.inHand
    this.inHand = 0
    return element
  }

  /**
   * Takes an element out of the map and in hand. The caller holds no bucket's lock. False when every element is on its
   * way in or out, in other threads' hands.
   */
  evict(): boolean {
    const { memory } = this
    acquireLock(memory, this.lock)
    this.inHand = this.sweep()
    releaseLock(memory, this.lock)
    return this.inHand !== 0
  }

  /** Gives back what is still in hand: another thread added the same key meanwhile. */
  layDown(slot: number): void {
    if (this.inHand === 0) return
    this.table.pool.give(slot, this.inHand)
    this.inHand = 0
  }

  private sweep(): number {
    const { u32 } = this.memory
    for (let steps = 0; steps <= 2 * this.positions; steps++) {
      const element = this.table.elements + this.advance() * this.table.plan.elementBytes
      const at = element >>> 2
      if (u32[at + LINKED] === 0) continue
      if (u32[at + MARK] === 1) u32[at + MARK] = 0
      else if (this.remove(element)) return element
    }
    return 0
  }

  private advance(): number {
    const position = this.memory.u32[this.hand] as number
    this.memory.u32[this.hand] = (position + 1) % this.positions
    return position
  }

  private remove(element: number): boolean {
    const { table } = this
    const hash = table.hashIn(element)
    table.lock(hash)
    const there = table.locate(element, hash)
    if (there) {
      table.unlink(element, hash)
      this.unlinked(element)
    }
    table.unlock(hash)
    return there
  }
}
