/**
 * Buckets of singly linked elements, shared by every map with free keys.
 *
 * A bucket of the kernel is up to {@link MOST_CHAINS} chains here, told apart by further bits of the hash: most
 * look-ups find their element first in its chain, without a branch that nobody could have predicted. Within a bucket
 * elements are iterated youngest first, as in the kernel's one chain: each has the number that its stripe counted when
 * it was inserted.
 *
 * Writers take the lock word of the bucket's *stripe* (at most 4096 of them a map, so that a large map stays compact).
 * The stripe also counts the elements in its buckets, and keeps a spare element: an update of an element that is there
 * fills the spare, links it, and leaves the old element as the new spare, so that who holds a pointer to the old value
 * goes on seeing the old value, as in the kernel (which keeps a spare for each CPU).
 *
 * Readers take no lock. An element that a reader stands on may be unlinked and linked elsewhere meanwhile, so a walk
 * can leave its chain: a hit is a hit all the same (hash and key are compared), and a miss counts only when the
 * stripe's word did not change, else the walk is repeated; or when the chain was empty, for an update never takes the
 * old element out before the new one is in. Every step of a writer leaves all chains without cycles.
 *
 * ```
 *  stripe  | lock word | elements in its buckets | spare element | insertions so far |  16 bytes
 *  element | next in chain | number of its insertion | (LRU: linked | referenced) | hash | key | value or its address |
 * ```
 *
 * The hash is an element's *tag*, the word that is written last. Where elements lie in lines the key may be it, and there
 * is no hash.
 */
import { acquireLock, type GuestMemory, readSequence, releaseLock, sequenceUnchanged } from '@bpfoundry/guest-memory'
import { ElementPool } from './element-pool.ts'
import { copyBytes, equalBytes, readWord } from './guest-bytes.ts'
import { CACHE_LINE_BYTES, type HashPlan, type HashShape, STRIPE_BYTES } from './hash-plan.ts'
import { hashBytes, hashTwoWords, hashWord } from './key-hash.ts'
import type { MapPlace } from './map-place.ts'
import { roundUp } from './sections.ts'

/** Words of a stripe after its lock. */
export const COUNT = 1
export const SPARE = 2
export const INSERTIONS = 3
/** First word of an element. */
const NEXT = 0
/** A reader that walks this long makes sure that it is not being carried from bucket to bucket. */
const SUSPICIOUS_STEPS = 256

/** Where everything of one hash map lies: guest addresses, masks and offsets in an element. */
export interface HashGeometry
  extends Pick<
    HashPlan,
    | 'capacity'
    | 'slotCount'
    | 'headBytes'
    | 'line'
    | 'sequenceOffset'
    | 'tagOffset'
    | 'keyOffset'
    | 'valueOffset'
    | 'elementBytes'
    | 'cpuStrideBytes'
  > {
  readonly keyBytes: number
  readonly seed: number
  /** From the address of an element in a line to its entry in the ledger, modulo 2^32. */
  readonly ledgerDelta: number
  readonly heads: number
  readonly headMask: number
  readonly stripes: number
  readonly stripeMask: number
  readonly slots: number
  readonly elements: number
  /** Of the word that counts the elements that are no longer fresh. */
  readonly freshCounter: number
}

export class HashTable {
  readonly plan: HashPlan
  readonly pool: ElementPool
  /** Guest address of the 64 control bytes: word 0 counts fresh elements, the rest is the map type's. */
  readonly control: number
  readonly elements: number
  private readonly place: MapPlace
  protected readonly memory: GuestMemory
  private readonly keyBytes: number
  private readonly keyOffset: number
  private readonly seed: number
  private readonly identity: boolean
  /** Index of the first chain's head among the words of memory, and how far apart heads are, as a shift. */
  protected readonly headWords: number
  private readonly headShift: number
  protected readonly headMask: number
  protected readonly bucketMask: number
  /** Words of an element: see `HashPlan`. */
  protected readonly tagWord: number
  private readonly sequenceWord: number
  private readonly tagIsKey: boolean
  private readonly stripes: number
  private readonly stripeMask: number
  /** Index of the word that links to the element which {@link findLocked} found. */
  protected link = 0
  private readonly collected: number[] = []

  constructor(place: MapPlace, plan: HashPlan, shape: HashShape) {
    const { address, attributes } = place
    this.plan = plan
    this.place = place
    this.memory = place.memory
    this.keyBytes = attributes.keySizeBytes
    this.keyOffset = plan.keyOffset
    this.seed = place.hashSeed
    this.identity = shape.identity === true
    this.headWords = (address + plan.heads) >>> 2
    this.headShift = plan.headBytes === CACHE_LINE_BYTES ? 4 : 0
    this.headMask = plan.headCount - 1
    this.bucketMask = plan.bucketCount - 1
    this.tagWord = plan.tagOffset >>> 2
    this.sequenceWord = plan.sequenceOffset >>> 2
    this.tagIsKey = plan.tagOffset === plan.keyOffset
    this.stripes = address + plan.stripes
    this.stripeMask = plan.stripeCount - 1
    this.control = address + plan.control
    this.elements = address + plan.elements
    this.pool = new ElementPool({
      memory: place.memory,
      capacity: plan.capacity,
      slotCount: plan.slotCount,
      slots: address + plan.slots,
      freshCounter: this.control,
      permits: this.headShift !== 0,
      elements: this.elements,
      elementBytes: plan.elementBytes,
      ...(shape.perCpu === true
        ? {
            perCpu: {
              values: address + plan.values,
              valueBytes: roundUp(attributes.valueSizeBytes, 8),
              pointerOffset: plan.valueOffset,
            },
          }
        : {}),
    })
  }

  /** For who walks the table without this object. */
  get geometry(): HashGeometry {
    const { plan, keyBytes, seed, headMask, stripes, stripeMask, elements } = this
    const [heads, slots, freshCounter] = [this.headWords * 4, this.place.address + plan.slots, this.control]
    const ledgerDelta = plan.ledger - plan.heads
    return { ...plan, keyBytes, seed, heads, ledgerDelta, headMask, stripes, stripeMask, slots, elements, freshCounter }
  }

  hashOf(key: number): number {
    if (this.identity) return readWord(this.memory, key)
    if (this.keyBytes === 4) return hashWord(readWord(this.memory, key), this.seed)
    if (this.keyBytes === 8) return hashTwoWords(readWord(this.memory, key), readWord(this.memory, key + 4), this.seed)
    return hashBytes(this.memory, key, this.keyBytes, this.seed)
  }

  /** Address of the element with this key, or 0. Takes no lock. */
  find(key: number): number {
    return this.findInChain(key, this.hashOf(key))
  }

  protected findInChain(key: number, hash: number): number {
    if (this.keyBytes === 4) return this.findWord(hash, readWord(this.memory, key))
    const lock = this.lockOf(hash)
    for (;;) {
      const seen = readSequence(this.memory, lock)
      const element = this.walk(key, hash, lock, seen)
      if (element !== 0 || sequenceUnchanged(this.memory, lock, seen)) return element
    }
  }

  /** {@link find} where the hash is the key itself. */
  findIndex(index: number): number {
    return this.findWord(index, index)
  }

  lock(hash: number): void {
    acquireLock(this.memory, this.lockOf(hash))
  }

  unlock(hash: number): void {
    releaseLock(this.memory, this.lockOf(hash))
  }

  /** Under the lock of `hash`: the element with this key, or 0. */
  findLocked(key: number, hash: number): number {
    const { u32 } = this.memory
    const tag = this.tagOf(key, hash)
    let link = this.headOf(hash)
    for (let element = u32[link] as number; element !== 0; element = u32[link] as number) {
      if (u32[(element >>> 2) + this.tagWord] === tag && this.hasKey(element, key)) {
        this.link = link
        return element
      }
      link = (element >>> 2) + NEXT
    }
    return 0
  }

  /** Under the lock of `hash`: whether this very element is linked in its bucket; then {@link unlink} may follow. */
  locate(element: number, hash: number): boolean {
    const { u32 } = this.memory
    let link = this.headOf(hash)
    for (let other = u32[link] as number; other !== 0; other = u32[link] as number) {
      if (other === element) {
        this.link = link
        return true
      }
      link = (other >>> 2) + NEXT
    }
    return false
  }

  /**
   * Under the lock of `hash`: takes the element last found out of its bucket.
   *
   * @returns the element to give back to the pool, once the lock is given back
   */
  unlink(element: number, hash: number): number {
    const { u32 } = this.memory
    u32[this.link] = u32[(element >>> 2) + NEXT] as number
    this.addToCount(hash, -1)
    return element
  }

  /** Under the lock of `hash`: an element to be filled in and inserted, or 0 when all are in use. */
  take(_hash: number, slot: number): number {
    return this.pool.take(slot)
  }

  /**
   * Under the lock of `hash`: an element to be filled in, to {@link replace} `old` which was found last.
   */
  spare(hash: number, _old: number): number {
    const stripe = hash & this.stripeMask
    const kept = this.memory.u32[((this.stripes + stripe * STRIPE_BYTES) >>> 2) + SPARE] as number
    return kept === 0 ? this.elements + (this.plan.capacity + stripe) * this.plan.elementBytes : kept
  }

  /**
   * Under the lock of `hash`: puts `element`, its value filled in, at the head, takes out `old`, which was found last, and
   * leaves that as the spare. A reader finds the one or the other at any time.
   */
  replace(old: number, element: number, hash: number, key: number): void {
    const { u32 } = this.memory
    const head = this.headOf(hash)
    const behind = u32[(old >>> 2) + NEXT] as number
    this.stamp(element, hash, key)
    u32[(element >>> 2) + NEXT] = this.link === head ? behind : (u32[head] as number)
    Atomics.store(this.memory.i32, head, element | 0)
    if (this.link !== head) u32[this.link] = behind
    this.leaveSpare(old, hash)
  }

  /** Elements in the map. */
  get count(): number {
    const { u32 } = this.memory
    let sum = 0
    for (let stripe = 0; stripe <= this.stripeMask; stripe++) {
      sum += u32[((this.stripes + stripe * STRIPE_BYTES) >>> 2) + COUNT] as number
    }
    return sum
  }

  /** Under the lock of `hash`: puts an element, its value filled in, at the head of the chain. */
  insert(element: number, hash: number, key: number): void {
    this.addToCount(hash, 1)
    this.putFirst(element, hash, key)
  }

  protected putFirst(element: number, hash: number, key: number): void {
    const { u32 } = this.memory
    const head = this.headOf(hash)
    this.stamp(element, hash, key)
    u32[(element >>> 2) + NEXT] = u32[head] as number
    // From here on readers find it: all that was written before must be seen first.
    Atomics.store(this.memory.i32, head, element | 0)
  }

  /** Under the lock of `hash`: gives an element, whose value is filled in, its key, the number of its insertion, and then its tag. */
  protected stamp(element: number, hash: number, key: number): void {
    const { u32 } = this.memory
    if (!this.tagIsKey) copyBytes(this.memory, this.keyIn(element), key, this.keyBytes)
    const insertions = (this.lockOf(hash) >>> 2) + INSERTIONS
    const sequence = ((u32[insertions] as number) + 1) | 0
    u32[insertions] = sequence
    u32[this.sequenceAt(element)] = sequence
    Atomics.store(this.memory.i32, this.tagAt(element), this.tagOf(key, hash) | 0)
  }

  /** Address of an element's key. */
  keyIn(element: number): number {
    return element + this.keyOffset
  }

  /** Index of the word that holds an element's tag. */
  protected tagAt(element: number): number {
    return (element >>> 2) + this.tagWord
  }

  /** Index of the word that holds the number of an element's insertion. */
  protected sequenceAt(element: number): number {
    return (element >>> 2) + this.sequenceWord
  }

  /** By what readers know an element. */
  protected tagOf(key: number, hash: number): number {
    return this.tagIsKey ? readWord(this.memory, key) : hash
  }

  protected addToCount(hash: number, change: number): void {
    const { u32 } = this.memory
    const count = (this.lockOf(hash) >>> 2) + COUNT
    u32[count] = (u32[count] as number) + change
  }

  /** Under the lock of `hash`: the stripe's spare from now on. */
  protected leaveSpare(element: number, hash: number): void {
    this.memory.u32[(this.lockOf(hash) >>> 2) + SPARE] = element
  }

  /**
   * Reads what updates of these keys will read, without waiting for one before the next: the processor has all the
   * cache misses under way at once. Answers a number only so that nothing is optimised away.
   */
  warm(keys: number, count: number, keyBytes: number): number {
    const { u32 } = this.memory
    let seen = 0
    for (let n = 0; n < count; n++) {
      const element = u32[this.headOf(this.hashOf(keys + n * keyBytes))] as number
      seen ^= u32[(element >>> 2) + this.tagWord] as number
    }
    return seen
  }

  /** Of an element whose tag that is. */
  hashIn(element: number): number {
    return this.memory.u32[(element >>> 2) + this.tagWord] as number
  }

  /** The element after the one with this key, in the order of buckets; the first for a key of 0 or one not found. */
  after(key: number): number {
    let bucket = 0
    if (key !== 0) {
      const hash = this.hashOf(key)
      this.lock(hash)
      const element = this.findLocked(key, hash)
      const next = element === 0 ? 0 : this.olderInBucket(hash & this.bucketMask, element)
      this.unlock(hash)
      if (next !== 0) return next
      if (element !== 0) bucket = (hash & this.bucketMask) + 1
    }
    for (; bucket <= this.bucketMask; bucket++) {
      const first = this.olderInBucket(bucket, 0)
      if (first !== 0) return first
    }
    return 0
  }

  /** Every element, bucket by bucket. */
  *all(): Generator<number> {
    for (let bucket = 0; bucket <= this.bucketMask; bucket++) {
      const elements: number[] = []
      this.collect(bucket, elements)
      const now = elements.length < 2 ? 0 : this.insertionsAt(bucket)
      yield* elements.sort((a, b) => this.age(a, now) - this.age(b, now))
    }
  }

  /** The youngest element of a bucket that is older than `element`; the youngest of all for 0. */
  private olderInBucket(bucket: number, element: number): number {
    const elements = this.collected
    elements.length = 0
    this.collect(bucket, elements)
    if (elements.length === 0) return 0
    const now = this.insertionsAt(bucket)
    const least = element === 0 ? -1 : this.age(element, now)
    let [found, foundAge] = [0, 2 ** 32]
    for (const other of elements) {
      const age = this.age(other, now)
      if (age > least && age < foundAge) [found, foundAge] = [other, age]
    }
    return found
  }

  /** Adds the elements of a bucket as they are now, in any order. */
  protected collect(bucket: number, elements: number[]): void {
    for (let hash = bucket; hash <= this.headMask; hash += this.bucketMask + 1) this.collectChain(hash, elements)
  }

  protected collectChain(hash: number, elements: number[]): void {
    const { u32 } = this.memory
    for (let one = u32[this.headOf(hash)] as number; one !== 0; one = u32[(one >>> 2) + NEXT] as number)
      elements.push(one)
  }

  private insertionsAt(hash: number): number {
    return this.memory.u32[(this.lockOf(hash) >>> 2) + INSERTIONS] as number
  }

  /** Insertions into an element's stripe since its own, modulo 2^32. */
  private age(element: number, now: number): number {
    return (now - (this.memory.u32[this.sequenceAt(element)] as number)) >>> 0
  }

  /** Index of the word that leads to the first element of a chain. */
  protected headOf(hash: number): number {
    return this.headWords + ((hash & this.headMask) << this.headShift)
  }

  private lockOf(hash: number): number {
    return this.stripes + (hash & this.stripeMask) * STRIPE_BYTES
  }

  protected hasKey(element: number, key: number): boolean {
    return equalBytes(this.memory, this.keyIn(element), key, this.keyBytes)
  }

  /** {@link find} for 4-byte keys: no call in the loop. */
  private findWord(hash: number, word: number): number {
    const { u32 } = this.memory
    const lock = this.lockOf(hash)
    const head = this.headOf(hash)
    const keyWord = this.keyOffset >>> 2
    const { tagWord } = this
    const tag = this.tagIsKey ? word : hash
    for (;;) {
      const seen = readSequence(this.memory, lock)
      let element = u32[head] as number
      for (let steps = 1; element !== 0; steps++) {
        const at = element >>> 2
        if (u32[at + keyWord] === word && u32[at + tagWord] === tag) return element
        if (steps % SUSPICIOUS_STEPS === 0 && !sequenceUnchanged(this.memory, lock, seen)) break
        element = u32[at + NEXT] as number
      }
      if (sequenceUnchanged(this.memory, lock, seen)) return 0
    }
  }

  private walk(key: number, hash: number, lock: number, seen: number): number {
    const { u32 } = this.memory
    let element = u32[this.headOf(hash)] as number
    for (let steps = 1; element !== 0; steps++) {
      if (u32[(element >>> 2) + this.tagWord] === hash && this.hasKey(element, key)) return element
      if (steps % SUSPICIOUS_STEPS === 0 && !sequenceUnchanged(this.memory, lock, seen)) return 0
      element = u32[(element >>> 2) + NEXT] as number
    }
    return 0
  }
}
