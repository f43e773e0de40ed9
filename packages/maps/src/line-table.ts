/**
 * A hash table of small elements, three or five of which lie in a cache line of their bucket: a look-up mostly reads that
 * one line. Buckets may share a line: what tells them apart is the hash, made again of the key where somebody must know.
 * `line-layout.ts` shows what a line looks like.
 *
 * An element that finds no slot free overflows: it comes from the pool and is linked in a chain, which begins in the first
 * word of the line. How many elements there may be is the pool's to say: who takes a slot holds an element of the pool in
 * its stead, the slot's *permit*, which is 0 in a slot that is free. Permits stand in the ledger, which no look-up reads.
 *
 * Readers look at the slots from left to right, then at the chain; look-ups by instructions try the preferred slot before. An update that replaces an element puts the new one to
 * the *right* of the old one (a further slot or the chain), and only then takes the old one out, so that readers can't
 * miss both. Tags are read and written in that order on every processor: by acquiring loads and releasing stores.
 *
 * A free slot's tag is wrong for its line, so that no look-up takes it for an element; when the slot is taken it is the
 * last word to be written. Where tags are hashes, it is the one of the element that left, inverted; in a slot never used
 * it is 0, which `createMap` sees to that zeros don't hash to. Where tags are keys, it is a key that belongs to another
 * line: 0, or in the line of key 0 a *stranger*, which stands there from the map's creation on.
 */
import { CACHE_LINE_BYTES, type HashPlan, type HashShape } from './hash-plan.ts'
import { type HashGeometry, HashTable } from './hash-table.ts'
import { hashWord } from './key-hash.ts'
import {
  type LineLayout,
  NUMBER_OFFSET,
  PERMIT_OFFSET,
  preferredSlot,
  SLOT_STRIDE_BYTES,
  TAG_OFFSET,
  TAG_STRIDE_BYTES,
} from './line-layout.ts'
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

const SLOT_SHIFT = Math.log2(SLOT_STRIDE_BYTES)
/** From one slot's tag to the next one's. */
const TAG_WORDS = TAG_STRIDE_BYTES >>> 2

export class LineTable extends HashTable {
  private readonly layout: LineLayout
  private readonly keyStrideBytes: number
  /** From an element in a line to its entry in the ledger. */
  private readonly ledgerDelta: number
  private readonly freeKeys: FreeKeys | undefined

  constructor(place: MapPlace, plan: HashPlan, layout: LineLayout, shape: HashShape) {
    super(place, plan, shape)
    this.layout = layout
    this.ledgerDelta = this.geometry.ledgerDelta
    const keysAreTags = layout.tagOffset === layout.keyOffset
    this.keyStrideBytes = keysAreTags ? TAG_STRIDE_BYTES : SLOT_STRIDE_BYTES
    if (!keysAreTags) return
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
    const free = this.slotForNew(hash)
    const element = this.pool.take(slot, free !== 0)
    return element === 0 || free === 0 ? element : this.reserve(free, element)
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
    return this.empty(element, hash)
  }

  override spare(hash: number, old: number): number {
    const free = this.isSlot(old) ? this.freeSlot(hash, slotOf(old) + 1) : 0
    return free === 0 ? super.spare(hash, old) : free
  }

  override replace(old: number, element: number, hash: number, key: number): void {
    if (!this.isSlot(old)) super.replace(old, element, hash, key)
    else if (this.isSlot(element)) {
      this.reserve(element, this.memory.u32[this.permitAt(old)] as number)
      this.stamp(element, hash, key)
      this.empty(old, hash)
    } else {
      this.putFirst(element, hash, key)
      this.leaveSpare(this.empty(old, hash), hash)
    }
  }

  override warm(keys: number, count: number, keyBytes: number): number {
    const { u32 } = this.memory
    let seen = 0
    for (let n = 0; n < count; n++) {
      const line = this.lineOf(this.hashOf(keys + n * keyBytes))
      seen ^= (u32[line >>> 2] as number) ^ (u32[this.permitAt(line)] as number)
    }
    return seen
  }

  override keyIn(element: number): number {
    if (!this.isSlot(element)) return super.keyIn(element)
    const slot = slotOf(element)
    return element - slot * SLOT_STRIDE_BYTES + this.layout.slotKeyOffset + slot * this.keyStrideBytes
  }

  protected override tagAt(element: number): number {
    if (!this.isSlot(element)) return super.tagAt(element)
    return (element + TAG_OFFSET - slotOf(element) * (SLOT_STRIDE_BYTES - TAG_STRIDE_BYTES)) >>> 2
  }

  protected override sequenceAt(element: number): number {
    return this.isSlot(element) ? (element + this.ledgerDelta + NUMBER_OFFSET) >>> 2 : super.sequenceAt(element)
  }

  protected override collect(bucket: number, elements: number[]): void {
    const first = elements.length
    const heads = Math.min(this.headMask, this.bucketMask) + 1
    for (let hash = bucket % heads; hash <= this.headMask; hash += heads) {
      this.collectLine(hash, elements)
      this.collectChain(hash, elements)
    }
    if (heads <= this.bucketMask) this.keepThoseOf(bucket, elements, first)
  }

  /** Of the elements from `first` on, those of one of the buckets that share a line. */
  private keepThoseOf(bucket: number, elements: number[], first: number): void {
    let kept = first
    for (let n = first; n < elements.length; n++) {
      const element = elements[n] as number
      if ((this.hashOf(this.keyIn(element)) & this.bucketMask) === bucket) elements[kept++] = element
    }
    while (elements.length > kept) elements.pop()
  }

  private collectLine(hash: number, elements: number[]): void {
    const line = this.lineOf(hash)
    for (let slot = 0; slot < this.layout.slots; slot++) {
      const element = line + slot * SLOT_STRIDE_BYTES
      if (this.memory.u32[this.permitAt(element)] !== 0) elements.push(element)
    }
  }

  private slotWith(key: number, hash: number): number {
    const { i32 } = this.memory
    const line = this.lineOf(hash)
    const tag = this.tagOf(key, hash) | 0
    let tagAt = (line + TAG_OFFSET) >>> 2
    for (let slot = 0; slot < this.layout.slots; slot++, tagAt += TAG_WORDS) {
      if (Atomics.load(i32, tagAt) !== tag) continue
      const element = line + slot * SLOT_STRIDE_BYTES
      if (this.freeKeys !== undefined || this.hasKey(element, key)) return element
    }
    return 0
  }

  private lineOf(hash: number): number {
    return (this.headOf(hash) << 2) >>> 0
  }

  /** Elements of lines lie below those of the pool. */
  private isSlot(element: number): boolean {
    return element < this.elements
  }

  /** The preferred slot if it is free, else the first free one, or 0. */
  private slotForNew(hash: number): number {
    const preferred = this.lineOf(hash) + preferredSlot(this.layout, hash) * SLOT_STRIDE_BYTES
    return this.memory.u32[this.permitAt(preferred)] === 0 ? preferred : this.freeSlot(hash, 0)
  }

  /** The first free slot of a line, from the slot numbered `from` on, or 0. */
  private freeSlot(hash: number, from: number): number {
    const line = this.lineOf(hash)
    for (let slot = from; slot < this.layout.slots; slot++) {
      const element = line + slot * SLOT_STRIDE_BYTES
      if (this.memory.u32[this.permitAt(element)] === 0) return element
    }
    return 0
  }

  /** Index of the word that holds a slot's permit. */
  private permitAt(element: number): number {
    return (element + this.ledgerDelta + PERMIT_OFFSET) >>> 2
  }

  private reserve(element: number, permit: number): number {
    this.memory.u32[this.permitAt(element)] = permit
    return element
  }

  /** Takes the element out of a slot; answers the permit. */
  private empty(element: number, hash: number): number {
    const { u32, i32 } = this.memory
    const at = this.permitAt(element)
    const permit = u32[at] as number
    Atomics.store(i32, this.tagAt(element), this.freeTag(hash) | 0)
    u32[at] = 0
    return permit
  }

  private freeTag(hash: number): number {
    if (this.freeKeys === undefined) return ~hash
    return (hash & this.headMask) === this.freeKeys.lineOfZero ? this.freeKeys.stranger : 0
  }

  private clearLineOfZero({ lineOfZero, stranger }: FreeKeys): void {
    const tags = (this.lineOf(lineOfZero) + TAG_OFFSET) >>> 2
    for (let slot = 0; slot < this.layout.slots; slot++) this.memory.u32[tags + slot * TAG_WORDS] = stranger
  }
}

/** Number of the slot that an element of a line is in. */
function slotOf(element: number): number {
  return (element & (CACHE_LINE_BYTES - 1)) >>> SLOT_SHIFT
}
