/**
 * A hash table of small elements, two or three of which lie in a cache line of their bucket: a look-up mostly reads that
 * one line. Buckets have one line, or two in tables that are not large: further bits of the hash tell them apart.
 * `line-layout.ts` shows what a line looks like.
 *
 * An element that finds no slot free overflows: it comes from the pool and is linked in a chain, which begins in the first
 * word of the line. How many elements there may be is the pool's to say: who takes a slot holds an element of the pool in
 * its stead, the slot's *permit*, which is 0 in a slot that is free.
 *
 * Readers look at the slots from left to right, then at the chain. An update that replaces an element puts the new one to
 * the *right* of the old one (a further slot or the chain), and only then takes the old one out, so that readers can't
 * miss both.
 *
 * A free slot's tag is wrong for its line, so that no look-up takes it for an element; when the slot is taken it is the
 * last word to be written. Where tags are hashes, it is the one of the element that left, inverted; in a slot never used
 * it is 0, which `createMap` sees to that zeros don't hash to. Where tags are keys, it is a key that belongs to another
 * line: 0, or in the line of key 0 a *stranger*, which stands there from the map's creation on.
 */
import type { HashPlan, HashShape } from './hash-plan.ts'
import { type HashGeometry, HashTable } from './hash-table.ts'
import { hashWord } from './key-hash.ts'
import type { LineLayout } from './line-layout.ts'
import type { MapPlace } from './map-place.ts'

/** What free slots hold where tags are keys. */
export interface FreeKeys {
  /** Number of the line that key 0 belongs to. */
  readonly lineOfZero: number
  /** Least key of another line. */
  readonly stranger: number
}

/** Of a table of 2 lines at least, in which keys are tags. */
export function freeKeysOf({ headMask, seed }: Pick<HashGeometry, 'headMask' | 'seed'>): FreeKeys {
  const lineOfZero = hashWord(0, seed) & headMask
  let stranger = 1
  while ((hashWord(stranger, seed) & headMask) === lineOfZero) stranger++
  return { lineOfZero, stranger }
}

export class LineTable extends HashTable {
  private readonly layout: LineLayout
  private readonly slotWords: number
  /** Words from a line's beginning to behind its slots. */
  private readonly lineWords: number
  private readonly freeKeys: FreeKeys | undefined

  constructor(place: MapPlace, plan: HashPlan, layout: LineLayout, shape: HashShape) {
    super(place, plan, shape)
    this.layout = layout
    this.slotWords = layout.slotBytes >>> 2
    this.lineWords = this.slotWords * layout.slots
    if (layout.tagOffset !== layout.keyOffset) return
    this.freeKeys = freeKeysOf(this.geometry)
    // In the thread that creates the map, before anybody else knows of it.
    if (place.region !== undefined) this.clearLineOfZero(this.freeKeys)
  }

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
    const line = this.headOf(hash)
    const free = this.freeSlot(line, line)
    const element = this.pool.take(slot, free !== 0)
    return element === 0 || free === 0 ? element : this.reserve(free, line, element)
  }

  override insert(element: number, hash: number, key: number): void {
    if (!this.isSlot(element)) {
      super.insert(element, hash, key)
      return
    }
    this.addToCount(hash, 1)
    this.stamp(element, hash, key)
  }

  override unlink(element: number, hash: number): number {
    if (!this.isSlot(element)) return super.unlink(element, hash)
    this.addToCount(hash, -1)
    return this.empty(element >>> 2, hash)
  }

  override spare(hash: number, old: number): number {
    const free = this.isSlot(old) ? this.freeSlot(this.headOf(hash), (old >>> 2) + this.slotWords) : 0
    return free === 0 ? super.spare(hash, old) : free * 4
  }

  override replace(old: number, element: number, hash: number, key: number): void {
    if (!this.isSlot(old)) super.replace(old, element, hash, key)
    else if (this.isSlot(element)) {
      const line = this.headOf(hash)
      this.reserve(element >>> 2, line, this.memory.u32[this.permitOf(old >>> 2, line)] as number)
      this.stamp(element, hash, key)
      this.empty(old >>> 2, hash)
    } else {
      this.putFirst(element, hash, key)
      this.leaveSpare(this.empty(old >>> 2, hash), hash)
    }
  }

  override warm(keys: number, count: number, keyBytes: number): number {
    const { u32 } = this.memory
    let seen = 0
    for (let n = 0; n < count; n++) seen ^= u32[this.headOf(this.hashOf(keys + n * keyBytes)) + this.tagWord] as number
    return seen
  }

  protected override collect(bucket: number, elements: number[]): void {
    const { u32 } = this.memory
    for (let hash = bucket; hash <= this.headMask; hash += this.bucketMask + 1) {
      const line = this.headOf(hash)
      for (let slot = line; slot < line + this.lineWords; slot += this.slotWords) {
        if (u32[this.permitOf(slot, line)] !== 0) elements.push(slot * 4)
      }
    }
    super.collect(bucket, elements)
  }

  private slotWith(key: number, hash: number): number {
    const { u32 } = this.memory
    const line = this.headOf(hash)
    const end = line + this.lineWords
    const tag = this.tagOf(key, hash)
    for (let slot = line; slot < end; slot += this.slotWords) {
      if (u32[slot + this.tagWord] === tag && (this.freeKeys !== undefined || this.hasKey(slot * 4, key)))
        return slot * 4
    }
    return 0
  }

  /** Elements of lines lie below those of the pool. */
  private isSlot(element: number): boolean {
    return element < this.elements
  }

  /** Word of a line's first free slot from a slot on, or 0. */
  private freeSlot(line: number, from: number): number {
    for (let slot = from; slot < line + this.lineWords; slot += this.slotWords) {
      if (this.memory.u32[this.permitOf(slot, line)] === 0) return slot
    }
    return 0
  }

  /** Index of the word that holds a slot's permit. */
  private permitOf(slot: number, line: number): number {
    const { permitOffset, permitBytes, slotBytes } = this.layout
    return line + (permitOffset >>> 2) + ((slot - line) * permitBytes) / slotBytes
  }

  private reserve(slot: number, line: number, permit: number): number {
    this.memory.u32[this.permitOf(slot, line)] = permit
    return slot * 4
  }

  /** Takes the element out of a slot; answers the permit. */
  private empty(slot: number, hash: number): number {
    const { u32 } = this.memory
    const at = this.permitOf(slot, this.headOf(hash))
    const permit = u32[at] as number
    u32[slot + this.tagWord] = this.freeTag(hash)
    u32[at] = 0
    return permit
  }

  private freeTag(hash: number): number {
    if (this.freeKeys === undefined) return ~hash
    return (hash & this.headMask) === this.freeKeys.lineOfZero ? this.freeKeys.stranger : 0
  }

  private clearLineOfZero({ lineOfZero, stranger }: FreeKeys): void {
    const line = this.headOf(lineOfZero)
    for (let slot = line; slot < line + this.lineWords; slot += this.slotWords) {
      this.memory.u32[slot + this.tagWord] = stranger
    }
  }
}
