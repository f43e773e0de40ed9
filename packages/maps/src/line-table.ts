/**
 * A hash table of small elements, two of which lie in a cache line of their bucket: a look-up mostly reads that one line.
 * Buckets have one line, or two in tables that are not large: further bits of the hash tell them apart.
 *
 * ```
 *  line    | first slot: an element, 32 bytes | second slot: an element, 32 bytes |
 *  element | next | number of its insertion | permit | hash | key | value |
 * ```
 *
 * A third element of a line overflows: it comes from the pool and is linked in a chain, which begins in the `next` word
 * of the line's first slot. How many elements there may be is the pool's to say: who takes a slot holds an element of
 * the pool in its stead, the slot's *permit*, which is 0 in a slot that is free.
 *
 * Readers look at the first slot, the second, the chain. An update that replaces an element puts the new one to the
 * *right* of the old one (second slot or chain), and only then takes the old one out, so that readers can't miss both.
 * A free slot's hash is wrong for its key, so that no look-up takes it for an element. For a slot never used that holds
 * unless zeros hash to zero, which `createMap` sees to.
 */
import { HashTable } from './hash-table.ts'

/** Bytes of a slot. */
export const LINE_SLOT_BYTES = 32
/** Words of an element. */
export const PERMIT = 2
const SLOT_WORDS = LINE_SLOT_BYTES / 4

export class LineTable extends HashTable {
  override find(key: number): number {
    const hash = this.hashOf(key)
    const slot = this.slotWith(key, hash)
    if (slot !== 0) return slot
    return this.memory.u32[this.headOf(hash)] === 0 ? 0 : this.findInChain(key, hash)
  }

  override findLocked(key: number, hash: number): number {
    const slot = this.slotWith(key, hash)
    return slot === 0 ? super.findLocked(key, hash) : slot
  }

  override take(hash: number, slot: number): number {
    const free = this.freeSlot(this.headOf(hash))
    const element = this.pool.take(slot, free !== 0)
    return element === 0 || free === 0 ? element : this.reserve(free, element)
  }

  override insert(element: number, hash: number): void {
    if (!this.isSlot(element)) {
      super.insert(element, hash)
      return
    }
    this.addToCount(hash, 1)
    this.stamp(element, hash)
  }

  override unlink(element: number, hash: number): number {
    if (!this.isSlot(element)) return super.unlink(element, hash)
    this.addToCount(hash, -1)
    return this.empty(element >>> 2, hash)
  }

  override spare(hash: number, old: number): number {
    const line = this.headOf(hash)
    const free = old >>> 2 === line && this.permitAt(line + SLOT_WORDS) === 0
    return free ? (line + SLOT_WORDS) * 4 : super.spare(hash, old)
  }

  override replace(old: number, element: number, hash: number): void {
    if (!this.isSlot(old)) super.replace(old, element, hash)
    else if (this.isSlot(element)) {
      this.reserve(element >>> 2, this.permitAt(old >>> 2))
      this.stamp(element, hash)
      this.empty(old >>> 2, hash)
    } else {
      this.putFirst(element, hash)
      this.leaveSpare(this.empty(old >>> 2, hash), hash)
    }
  }

  override warm(keys: number, count: number, keyBytes: number): number {
    const { u32 } = this.memory
    let seen = 0
    for (let n = 0; n < count; n++) seen ^= u32[this.headOf(this.hashOf(keys + n * keyBytes)) + this.hashWord] as number
    return seen
  }

  protected override collect(bucket: number, elements: number[]): void {
    for (let hash = bucket; hash <= this.headMask; hash += this.bucketMask + 1) {
      const line = this.headOf(hash)
      if (this.permitAt(line) !== 0) elements.push(line * 4)
      if (this.permitAt(line + SLOT_WORDS) !== 0) elements.push((line + SLOT_WORDS) * 4)
    }
    super.collect(bucket, elements)
  }

  private slotWith(key: number, hash: number): number {
    const { u32 } = this.memory
    const line = this.headOf(hash)
    if (u32[line + this.hashWord] === hash && this.hasKey(line * 4, key)) return line * 4
    const second = line + SLOT_WORDS
    return u32[second + this.hashWord] === hash && this.hasKey(second * 4, key) ? second * 4 : 0
  }

  /** Elements of lines lie below those of the pool. */
  private isSlot(element: number): boolean {
    return element < this.elements
  }

  /** Word of a line's first free slot, or 0. */
  private freeSlot(line: number): number {
    if (this.permitAt(line) === 0) return line
    return this.permitAt(line + SLOT_WORDS) === 0 ? line + SLOT_WORDS : 0
  }

  private permitAt(slot: number): number {
    return this.memory.u32[slot + PERMIT] as number
  }

  private reserve(slot: number, permit: number): number {
    this.memory.u32[slot + PERMIT] = permit
    return slot * 4
  }

  /** Takes the element out of a slot; answers the permit. */
  private empty(slot: number, hash: number): number {
    const { u32 } = this.memory
    const permit = this.permitAt(slot)
    u32[slot + this.hashWord] = ~hash
    u32[slot + PERMIT] = 0
    return permit
  }
}
