/** Geometry of hash maps: how many chains, stripes and elements, and where each lies. */
import type { MapAttributes } from '@bpfoundry/kernel-abi'
import { SLOT_BYTES } from './element-pool.ts'
import { type LineLayout, lineLayoutOf } from './line-layout.ts'
import { roundUp, roundUpToPowerOfTwo, type Sections } from './sections.ts'

const MOST_STRIPES = 4096
export const STRIPE_BYTES = 16
const SPARE_BYTES = 256 * 1024
/** Chains of a bucket, at most: four times the kernel's heads, which leaves one element in eight behind another. */
const MOST_CHAINS = 4
/** Room for lines: 16,777,216 buckets. Larger maps have chains. */
const MOST_LINES_BYTES = 2 ** 30
/** Lines that a map may have so that every bucket gets two: with one, a look-up in ten goes on to a chain, with two one in thirty. */
const MOST_SPREAD_LINES = 2 ** 18
/** Room for chain heads over what the kernel has: 16,777,216 entries get four chains a bucket. */
const MOST_HEADS_BYTES = 256 * 2 ** 20
/** An element of at most half a cache line doesn't lie across two. */
export const CACHE_LINE_BYTES = 64
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
  /** Bytes from one chain's head to the next: those of a word, or of a line that begins with the head. */
  readonly headBytes: number
  readonly stripeCount: number
  /** Elements after the pool's: the first spare of each stripe. Per-CPU values are updated in place and need none. */
  readonly spareCount: number
  /** How elements lie in lines; undefined where they are all in chains. */
  readonly line: LineLayout | undefined
  /** Of the number of an element's insertion. */
  readonly sequenceOffset: number
  /**
   * Of the word that is written last, by which readers know an element: the hash, which the key follows so that a 4-byte
   * key is compared together with it; or where that is the key's offset, too, the key itself.
   */
  readonly tagOffset: number
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
  /** Small elements lie in their bucket's cache line. @see LineTable */
  readonly lines?: boolean
}

/** Lays out a hash map; deterministic, so that every thread finds the same. */
export function planHash(attributes: MapAttributes, cpus: number, shape: HashShape, sections: Sections): HashPlan {
  const line = lineOf(attributes, shape)
  const { sequenceOffset, tagOffset, keyOffset } = line ?? chainLayout(shape)
  const valueOffset = roundUp(keyOffset + attributes.keySizeBytes, 8)
  const valueBytes = roundUp(attributes.valueSizeBytes, 8)
  const usedBytes = Math.max(valueOffset + (shape.perCpu === true ? 8 : valueBytes), sequenceOffset + 4)
  const elementBytes = strideFor(usedBytes)
  const perElement = elementBytes + (shape.perCpu === true ? cpus * valueBytes : 0)
  const capacity = Math.min(attributes.maxEntries, shape.onDemand === true ? onDemandCapacity(perElement) : 2 ** 32)
  const slotCount = cpus + 1
  const bucketCount = roundUpToPowerOfTwo(capacity)
  const chainCount = line
    ? linesOf(bucketCount)
    : Math.max(1, Math.min(MOST_CHAINS, MOST_HEADS_BYTES / (bucketCount * 4)))
  const headBytes = line ? CACHE_LINE_BYTES : 4
  const stripeCount = Math.min(bucketCount, shape.perCpu === true ? MOST_STRIPES : stripesFor(capacity, elementBytes))
  const spareCount = shape.perCpu === true ? 0 : stripeCount
  const cpuStrideBytes = shape.perCpu === true ? roundUp(capacity * valueBytes, 64) : 0
  const sizes = { capacity, slotCount, bucketCount, chainCount, headBytes, stripeCount, spareCount }
  const offsets = { line, sequenceOffset, tagOffset, keyOffset, valueOffset, elementBytes, cpuStrideBytes }
  return {
    ...sizes,
    ...offsets,
    control: sections.add(64),
    slots: sections.add(slotCount * SLOT_BYTES),
    stripes: sections.add(stripeCount * STRIPE_BYTES),
    heads: sections.add(bucketCount * chainCount * headBytes),
    elements: sections.add((capacity + spareCount) * elementBytes),
    values: sections.add(cpuStrideBytes * cpus),
  }
}

/** How a map of that shape keeps elements in lines, if it does: the lines of all buckets must be bounded. */
export function lineOf(attributes: MapAttributes, shape: HashShape): LineLayout | undefined {
  const inBounds = attributes.maxEntries <= MOST_LINES_BYTES / CACHE_LINE_BYTES
  return shape.lines === true && inBounds ? lineLayoutOf(attributes) : undefined
}

/** Of elements that are all in chains: link, number, what an LRU map keeps, hash and key. */
function chainLayout({ lru }: HashShape): Pick<HashPlan, 'sequenceOffset' | 'tagOffset' | 'keyOffset'> {
  const tagOffset = lru === true ? 16 : 8
  return { sequenceOffset: 4, tagOffset, keyOffset: tagOffset + 4 }
}

/** Lines of a bucket. A large table is looked up at the pace of memory, which twice the lines would only make slower. */
function linesOf(bucketCount: number): number {
  return 2 * bucketCount <= MOST_SPREAD_LINES ? 2 : 1
}

function onDemandCapacity(bytesAnElement: number): number {
  return Math.max(1, Math.floor(ON_DEMAND_BYTES / bytesAnElement))
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
