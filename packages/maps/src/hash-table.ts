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
 */
import { acquireLock, type GuestMemory, readSequence, releaseLock, sequenceUnchanged } from '@bpfoundry/guest-memory'
import type { MapAttributes } from '@bpfoundry/kernel-abi'
import { ElementPool, SLOT_BYTES } from './element-pool.ts'
import { equalBytes, readWord } from './guest-bytes.ts'
import { hashBytes, hashTwoWords, hashWord } from './key-hash.ts'
import type { MapPlace } from './map-place.ts'
import { roundUp, roundUpToPowerOfTwo, type Sections } from './sections.ts'

const MOST_STRIPES = 4096
export const STRIPE_BYTES = 16
const SPARE_BYTES = 256 * 1024
/** Chains of a bucket, at most: four times the kernel's heads, which leaves one element in eight behind another. */
const MOST_CHAINS = 4
/** Room for chain heads over what the kernel has: 16,777,216 entries get four chains a bucket. */
const MOST_HEADS_BYTES = 256 * 2 ** 20
/** An element of at most half a cache line doesn't lie across two. */
const CACHE_LINE_BYTES = 64
/** Words of a stripe after its lock. */
export const COUNT = 1
export const SPARE = 2
export const INSERTIONS = 3
/** First words of an element; the hash is the one before its key. */
export const NEXT = 0
export const SEQUENCE = 1
/** A reader that walks this long makes sure that it is not being carried from bucket to bucket. */
const SUSPICIOUS_STEPS = 256
/** Address space that a map reserves at most when Linux would fill it on demand. */
export const ON_DEMAND_BYTES: number = 256 * 2 ** 20

/** Offsets in a hash map, from its header. */
export interface HashPlan {
  readonly capacity: number
  readonly slotCount: number
  /** Buckets as the kernel has them: what iteration goes by. */
  readonly bucketCount: number
  /** Chains of a bucket, a power of two: chain n of bucket b has head b + n * bucketCount. */
  readonly chainCount: number
  readonly stripeCount: number
  /** Elements after the pool's: the first spare of each stripe. Per-CPU values are updated in place and need none. */
  readonly spareCount: number
  /** Of the hash; the key follows it, so that a 4-byte key is compared together with it. */
  readonly hashOffset: number
  readonly keyOffset: number
  readonly valueOffset: number
  readonly elementBytes: number
  readonly cpuStrideBytes: number
  readonly control: number
  readonly slots: number
  readonly stripes: number
  readonly heads: number
  readonly elements: number
  readonly values: number
}

/** What makes one hash map differ from another. */
export interface HashShape {
  readonly perCpu?: boolean
  readonly lru?: boolean
  /** Linux allocates elements one by one: reserve no more than {@link ON_DEMAND_BYTES}. */
  readonly onDemand?: boolean
  /** The hash is the key itself, a u32 (devmap_hash). */
  readonly identity?: boolean
}

/** Where everything of one hash map lies: guest addresses, masks and offsets in an element. */
export interface HashGeometry
  extends Pick<
    HashPlan,
    'capacity' | 'slotCount' | 'hashOffset' | 'keyOffset' | 'valueOffset' | 'elementBytes' | 'cpuStrideBytes'
  > {
  readonly keyBytes: number
  readonly seed: number
  readonly heads: number
  readonly headMask: number
  readonly stripes: number
  readonly stripeMask: number
  readonly slots: number
  readonly elements: number
  /** Of the word that counts the elements that are no longer fresh. */
  readonly freshCounter: number
}

/** Lays out a hash map; deterministic, so that every thread finds the same. */
export function planHash(attributes: MapAttributes, cpus: number, shape: HashShape, sections: Sections): HashPlan {
  const hashOffset = shape.lru === true ? 16 : 8
  const keyOffset = hashOffset + 4
  const valueOffset = roundUp(keyOffset + attributes.keySizeBytes, 8)
  const valueBytes = roundUp(attributes.valueSizeBytes, 8)
  const elementBytes = strideFor(valueOffset + (shape.perCpu === true ? 8 : valueBytes))
  const perElement = elementBytes + (shape.perCpu === true ? cpus * valueBytes : 0)
  const most = shape.onDemand === true ? Math.max(1, Math.floor(ON_DEMAND_BYTES / perElement)) : 2 ** 32
  const capacity = Math.min(attributes.maxEntries, most)
  const slotCount = cpus + 1
  const bucketCount = roundUpToPowerOfTwo(capacity)
  const chainCount = Math.max(1, Math.min(MOST_CHAINS, MOST_HEADS_BYTES / (bucketCount * 4)))
  const stripeCount = Math.min(bucketCount, shape.perCpu === true ? MOST_STRIPES : stripesFor(capacity, elementBytes))
  const spareCount = shape.perCpu === true ? 0 : stripeCount
  const cpuStrideBytes = shape.perCpu === true ? roundUp(capacity * valueBytes, 64) : 0
  return {
    capacity,
    slotCount,
    bucketCount,
    chainCount,
    stripeCount,
    spareCount,
    hashOffset,
    keyOffset,
    valueOffset,
    elementBytes,
    cpuStrideBytes,
    control: sections.add(64),
    slots: sections.add(slotCount * SLOT_BYTES),
    stripes: sections.add(stripeCount * STRIPE_BYTES),
    heads: sections.add(bucketCount * chainCount * 4),
    elements: sections.add((capacity + spareCount) * elementBytes),
    values: sections.add(cpuStrideBytes * cpus),
  }
}

/** Bytes from one element to the next, for elements of so many bytes. */
function strideFor(bytes: number): number {
  return bytes <= CACHE_LINE_BYTES / 2 ? roundUpToPowerOfTwo(bytes) : bytes
}

/** As many stripes as their spare elements may take room: an eighth of the elements, or {@link SPARE_BYTES} if that is more. */
function stripesFor(capacity: number, elementBytes: number): number {
  const most = Math.max(1, capacity / 8, SPARE_BYTES / elementBytes)
  return Math.min(MOST_STRIPES, 2 ** Math.floor(Math.log2(most)))
}

export class HashTable {
  readonly plan: HashPlan
  readonly pool: ElementPool
  /** Guest address of the 64 control bytes: word 0 counts fresh elements, the rest is the map type's. */
  readonly control: number
  readonly elements: number
  private readonly place: MapPlace
  private readonly memory: GuestMemory
  private readonly keyBytes: number
  private readonly keyOffset: number
  private readonly seed: number
  private readonly identity: boolean
  private readonly headWords: number
  private readonly headMask: number
  private readonly bucketMask: number
  /** Word of an element that holds its hash. */
  private readonly hashWord: number
  private readonly stripes: number
  private readonly stripeMask: number
  /** Index of the word that links to the element which {@link findLocked} found. */
  private link = 0

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
    this.headMask = plan.bucketCount * plan.chainCount - 1
    this.bucketMask = plan.bucketCount - 1
    this.hashWord = plan.hashOffset >>> 2
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
    return { ...plan, keyBytes, seed, heads, headMask, stripes, stripeMask, slots, elements, freshCounter }
  }

  hashOf(key: number): number {
    if (this.identity) return readWord(this.memory, key)
    if (this.keyBytes === 4) return hashWord(readWord(this.memory, key), this.seed)
    if (this.keyBytes === 8) return hashTwoWords(readWord(this.memory, key), readWord(this.memory, key + 4), this.seed)
    return hashBytes(this.memory, key, this.keyBytes, this.seed)
  }

  /** Address of the element with this key, or 0. Takes no lock. */
  find(key: number): number {
    const hash = this.hashOf(key)
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
    let link = this.headWords + (hash & this.headMask)
    for (let element = u32[link] as number; element !== 0; element = u32[link] as number) {
      if (u32[(element >>> 2) + this.hashWord] === hash && this.hasKey(element, key)) {
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
    let link = this.headWords + (hash & this.headMask)
    for (let other = u32[link] as number; other !== 0; other = u32[link] as number) {
      if (other === element) {
        this.link = link
        return true
      }
      link = (other >>> 2) + NEXT
    }
    return false
  }

  /** Under the lock of `hash`: takes the element last found out of its bucket. */
  unlink(element: number, hash: number): void {
    const { u32 } = this.memory
    u32[this.link] = u32[(element >>> 2) + NEXT] as number
    const count = (this.lockOf(hash) >>> 2) + COUNT
    u32[count] = (u32[count] as number) - 1
  }

  /** Under the lock of `hash`: the stripe's spare element, to be filled in; {@link replace} must follow. */
  spare(hash: number): number {
    const stripe = hash & this.stripeMask
    const kept = this.memory.u32[((this.stripes + stripe * STRIPE_BYTES) >>> 2) + SPARE] as number
    return kept === 0 ? this.elements + (this.plan.capacity + stripe) * this.plan.elementBytes : kept
  }

  /**
   * Under the lock of `hash`: puts `element`, its key and value filled in, at the head, takes out `old`, which was found
   * last, and leaves that as the spare. A reader finds the one or the other at any time.
   */
  replace(old: number, element: number, hash: number): void {
    const { u32 } = this.memory
    const head = this.headWords + (hash & this.headMask)
    const behind = u32[(old >>> 2) + NEXT] as number
    this.stamp(element, hash)
    u32[(element >>> 2) + NEXT] = this.link === head ? behind : (u32[head] as number)
    Atomics.store(this.memory.i32, head, element | 0)
    if (this.link !== head) u32[this.link] = behind
    u32[(this.lockOf(hash) >>> 2) + SPARE] = old
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

  /** Under the lock of `hash`: puts an element, its key and value filled in, at the head of the chain. */
  insert(element: number, hash: number): void {
    const { u32 } = this.memory
    const head = this.headWords + (hash & this.headMask)
    this.stamp(element, hash)
    u32[(element >>> 2) + NEXT] = u32[head] as number
    const count = (this.lockOf(hash) >>> 2) + COUNT
    u32[count] = (u32[count] as number) + 1
    // From here on readers find it: all that was written before must be seen first.
    Atomics.store(this.memory.i32, head, element | 0)
  }

  /** Under the lock of `hash`: gives an element its hash and the number of its insertion. */
  private stamp(element: number, hash: number): void {
    const { u32 } = this.memory
    const insertions = (this.lockOf(hash) >>> 2) + INSERTIONS
    const sequence = ((u32[insertions] as number) + 1) | 0
    u32[insertions] = sequence
    u32[(element >>> 2) + SEQUENCE] = sequence
    u32[(element >>> 2) + this.hashWord] = hash
  }

  /**
   * Reads what updates of these keys will read, without waiting for one before the next: the processor has all the
   * cache misses under way at once. Answers a number only so that nothing is optimised away.
   */
  warm(keys: number, count: number): number {
    const { u32 } = this.memory
    let seen = 0
    for (let n = 0; n < count; n++) {
      const element = u32[this.headWords + (this.hashOf(keys + n * this.keyBytes) & this.headMask)] as number
      seen ^= u32[(element >>> 2) + this.hashWord] as number
    }
    return seen
  }

  hashIn(element: number): number {
    return this.memory.u32[(element >>> 2) + this.hashWord] as number
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
    for (let bucket = 0; bucket <= this.bucketMask; bucket++) yield* this.inBucket(bucket)
  }

  /** The youngest element of a bucket that is older than `element`; the youngest of all for 0. */
  private olderInBucket(bucket: number, element: number): number {
    const { u32 } = this.memory
    const now = u32[(this.lockOf(bucket) >>> 2) + INSERTIONS] as number
    const least = element === 0 ? -1 : this.age(element, now)
    let [found, foundAge] = [0, 2 ** 32]
    for (let head = bucket; head <= this.headMask; head += this.bucketMask + 1) {
      for (let other = u32[this.headWords + head] as number; other !== 0; other = u32[(other >>> 2) + NEXT] as number) {
        const age = this.age(other, now)
        if (age > least && age < foundAge) [found, foundAge] = [other, age]
      }
    }
    return found
  }

  /** The elements of a bucket as they are now, youngest first. */
  private inBucket(bucket: number): number[] {
    const { u32 } = this.memory
    const elements: number[] = []
    for (let head = bucket; head <= this.headMask; head += this.bucketMask + 1) {
      for (let one = u32[this.headWords + head] as number; one !== 0; one = u32[(one >>> 2) + NEXT] as number) {
        elements.push(one)
      }
    }
    if (elements.length < 2) return elements
    const now = u32[(this.lockOf(bucket) >>> 2) + INSERTIONS] as number
    return elements.sort((a, b) => this.age(a, now) - this.age(b, now))
  }

  /** Insertions into an element's stripe since its own, modulo 2^32. */
  private age(element: number, now: number): number {
    return (now - (this.memory.u32[(element >>> 2) + SEQUENCE] as number)) >>> 0
  }

  private lockOf(hash: number): number {
    return this.stripes + (hash & this.stripeMask) * STRIPE_BYTES
  }

  private hasKey(element: number, key: number): boolean {
    return equalBytes(this.memory, element + this.keyOffset, key, this.keyBytes)
  }

  /** {@link find} for 4-byte keys: no call in the loop. */
  private findWord(hash: number, word: number): number {
    const { u32 } = this.memory
    const lock = this.lockOf(hash)
    const head = this.headWords + (hash & this.headMask)
    const keyWord = this.keyOffset >>> 2
    for (;;) {
      const seen = readSequence(this.memory, lock)
      let element = u32[head] as number
      for (let steps = 1; element !== 0; steps++) {
        const at = element >>> 2
        if (u32[at + keyWord] === word && u32[at + keyWord - 1] === hash) return element
        if (steps % SUSPICIOUS_STEPS === 0 && !sequenceUnchanged(this.memory, lock, seen)) break
        element = u32[at + NEXT] as number
      }
      if (sequenceUnchanged(this.memory, lock, seen)) return 0
    }
  }

  private walk(key: number, hash: number, lock: number, seen: number): number {
    const { u32 } = this.memory
    let element = u32[this.headWords + (hash & this.headMask)] as number
    for (let steps = 1; element !== 0; steps++) {
      if (u32[(element >>> 2) + this.hashWord] === hash && this.hasKey(element, key)) return element
      if (steps % SUSPICIOUS_STEPS === 0 && !sequenceUnchanged(this.memory, lock, seen)) return 0
      element = u32[(element >>> 2) + NEXT] as number
    }
    return 0
  }
}
