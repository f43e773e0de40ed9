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
/** Entries of a map with lines; larger maps have chains. */
const MOST_LINE_ENTRIES = 2 ** 24
/** What walking a table's pages costs grows with its size: 512 MiB of lines, of which buckets share some then. */
const MOST_LINES = 2 ** 23
/** Lines that a core's own cache has room for: up to as many a bucket gets two, so that elements lie where they prefer. */
const MOST_SPREAD_LINES = 2 ** 14
/** In a line a key that belongs to another one stands for none, so that there must be another one. */
const LEAST_LINES = 2
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
  /**
   * Heads of chains, a power of two: as many as buckets, or several a bucket (bucket b has heads b + n * bucketCount), or
   * one for several buckets, which then have the same remainder.
   */
  readonly headCount: number
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
  /** A line for each head that is one, for what only writers need. */
  readonly ledger: number
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
  const { sequenceOffset, tagOffset, keyOffset, valueOffset } = line ?? chainLayout(attributes, shape)
  const valueBytes = roundUp(attributes.valueSizeBytes, 8)
  const usedBytes = Math.max(valueOffset + (shape.perCpu === true ? 8 : valueBytes), sequenceOffset + 4)
  const elementBytes = strideFor(usedBytes)
  const perElement = elementBytes + (shape.perCpu === true ? cpus * valueBytes : 0)
  const capacity = Math.min(attributes.maxEntries, shape.onDemand === true ? onDemandCapacity(perElement) : 2 ** 32)
  const slotCount = cpus + 1
  const bucketCount = roundUpToPowerOfTwo(capacity)
  const headCount = line ? linesOf(bucketCount, line) : bucketCount * chainsOf(bucketCount)
  const headBytes = line ? CACHE_LINE_BYTES : 4
  const stripeCount = Math.min(
    bucketCount,
    headCount,
    shape.perCpu === true ? MOST_STRIPES : stripesFor(capacity, elementBytes),
  )
  const spareCount = shape.perCpu === true ? 0 : stripeCount
  const cpuStrideBytes = shape.perCpu === true ? roundUp(capacity * valueBytes, 64) : 0
  const sizes = { capacity, slotCount, bucketCount, headCount, headBytes, stripeCount, spareCount }
  const offsets = { line, sequenceOffset, tagOffset, keyOffset, valueOffset, elementBytes, cpuStrideBytes }
  return {
    ...sizes,
    ...offsets,
    control: sections.add(64),
    slots: sections.add(slotCount * SLOT_BYTES),
    stripes: sections.add(stripeCount * STRIPE_BYTES),
    heads: sections.add(headCount * headBytes),
    ledger: sections.add(line ? headCount * headBytes : 0),
    elements: sections.add((capacity + spareCount) * elementBytes),
    values: sections.add(cpuStrideBytes * cpus),
  }
}

/** How a map of that shape keeps elements in lines, if it does. */
export function lineOf(attributes: MapAttributes, shape: HashShape): LineLayout | undefined {
  return shape.lines === true && attributes.maxEntries <= MOST_LINE_ENTRIES ? lineLayoutOf(attributes) : undefined
}

type ElementLayout = Pick<HashPlan, 'sequenceOffset' | 'tagOffset' | 'keyOffset' | 'valueOffset'>

/** Of elements that are all in chains: link, number, what an LRU map keeps, hash and key, and the value. */
function chainLayout({ keySizeBytes }: MapAttributes, { lru }: HashShape): ElementLayout {
  const tagOffset = lru === true ? 16 : 8
  const keyOffset = tagOffset + 4
  return { sequenceOffset: 4, tagOffset, keyOffset, valueOffset: roundUp(keyOffset + keySizeBytes, 8) }
}

function linesOf(bucketCount: number, { bucketsPerLine }: LineLayout): number {
  const spread = Math.min(MOST_SPREAD_LINES, 2 * bucketCount)
  return Math.max(LEAST_LINES, spread, Math.min(MOST_LINES, bucketCount / bucketsPerLine))
}

function chainsOf(bucketCount: number): number {
  return Math.max(1, Math.min(MOST_CHAINS, MOST_HEADS_BYTES / (bucketCount * 4)))
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
