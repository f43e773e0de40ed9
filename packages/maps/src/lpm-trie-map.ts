/**
 * BPF_MAP_TYPE_LPM_TRIE: keys are prefixes (a length in bits and as many bits); a lookup finds the longest that matches.
 *
 * A binary trie without chains of single children: a node holds a prefix, its children continue it with a 0 or a 1. A
 * node that was made only to branch is *intermediate*; it has two children and no value.
 *
 * One lock word guards the trie. Writers hold it; lookups take no lock and start again when its word has changed.
 * Nodes that left the trie queue up behind {@link QUARANTINE} others before they are used again, so that a program
 * goes on seeing the value it looked up, as it does with the kernel's grace periods.
 *
 * ```
 *  node | child 0 | child 1 | prefix length | intermediate | key data ... | value, aligned to 8 |
 * ```
 */
import { acquireLock, readSequence, releaseLock, sequenceUnchanged } from '@bpfoundry/guest-memory'
import { BPF_EXIST, BPF_NOEXIST, ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import { copyBytes, readWord } from './guest-bytes.ts'
import { ON_DEMAND_BYTES } from './hash-plan.ts'
import type { MapPlace } from './map-place.ts'
import { roundUp, Sections } from './sections.ts'
import { planStaging, SyscallSide } from './syscall-side.ts'

/** Bytes of the prefix length before a key's data. */
export const LENGTH_BYTES = 4
const QUARANTINE = 64

// Words of a node
export const CHILD = 0
export const LENGTH = 2
export const INTERMEDIATE = 3
export const DATA_OFFSET = 16

// Words of the control section
const LOCK = 0
/** From the lock on. */
export const ROOT = 1
const COUNT = 2
const FRESH = 3
const FREE_HEAD = 4
const FREE_TAIL = 5
const FREE_COUNT = 6

interface TriePlan {
  readonly staging: number
  readonly control: number
  readonly nodes: number
  readonly nodeBytes: number
  readonly valueOffset: number
  readonly capacity: number
  readonly sizeBytes: number
}

/** What a look-up needs to know of a trie. */
export interface TrieGeometry {
  /** Guest address of the lock word, which the link to the root follows. */
  readonly lock: number
  readonly dataBytes: number
  /** In a node. */
  readonly valueOffset: number
}

function plan(attributes: MapAttributes): TriePlan {
  const sections = new Sections()
  const staging = planStaging(attributes, attributes.valueSizeBytes, sections)
  const valueOffset = roundUp(DATA_OFFSET + attributes.keySizeBytes - LENGTH_BYTES, 8)
  const nodeBytes = valueOffset + roundUp(attributes.valueSizeBytes, 8)
  // A node an element, one less to branch, and those that wait for their readers.
  const wanted = 2 * attributes.maxEntries + QUARANTINE
  const capacity = Math.min(wanted, Math.max(2, Math.floor(ON_DEMAND_BYTES / nodeBytes)))
  const control = sections.add(64)
  const nodes = sections.add(capacity * nodeBytes)
  return { staging, control, nodes, nodeBytes, valueOffset, capacity, sizeBytes: sections.sizeBytes }
}

export class LpmTrieMap extends SyscallSide {
  static sizeBytes(attributes: MapAttributes): number {
    return plan(attributes).sizeBytes
  }

  private readonly plan: TriePlan
  /** Index of the control section's first word. */
  private readonly control: number
  private readonly lock: number
  private readonly nodes: number
  private readonly dataBytes: number
  private readonly longest: number
  private readonly valueBytes: number

  constructor(place: MapPlace) {
    const { attributes, address } = place
    const trie = plan(attributes)
    super(place, trie.sizeBytes, trie.staging, attributes.valueSizeBytes)
    this.plan = trie
    this.lock = address + trie.control + LOCK * 4
    this.control = (address + trie.control) >>> 2
    this.nodes = address + trie.nodes
    this.dataBytes = attributes.keySizeBytes - LENGTH_BYTES
    this.longest = this.dataBytes * 8
    this.valueBytes = attributes.valueSizeBytes
  }

  get geometry(): TrieGeometry {
    return { lock: this.lock, dataBytes: this.dataBytes, valueOffset: this.plan.valueOffset }
  }

  get count(): number {
    return this.memory.u32[this.control + COUNT] as number
  }

  lookup(key: number): number {
    const length = readWord(this.memory, key)
    if (length > this.longest) return 0
    for (;;) {
      const seen = readSequence(this.memory, this.lock)
      const node = this.match(key + LENGTH_BYTES, length)
      if (sequenceUnchanged(this.memory, this.lock, seen)) return node === 0 ? 0 : node + this.plan.valueOffset
    }
  }

  update(key: number, value: number, flags: number): number {
    if (flags > BPF_EXIST || readWord(this.memory, key) > this.longest) return -ERRNO.EINVAL
    acquireLock(this.memory, this.lock)
    const result = this.put(key, value, flags)
    releaseLock(this.memory, this.lock)
    return result
  }

  delete(key: number): number {
    const length = readWord(this.memory, key)
    if (length > this.longest) return -ERRNO.EINVAL
    acquireLock(this.memory, this.lock)
    const result = this.remove(key + LENGTH_BYTES, length)
    releaseLock(this.memory, this.lock)
    return result
  }

  protected sysLookup(key: number): number {
    return this.lookup(key)
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    return this.update(key, value, flags)
  }

  protected sysDelete(key: number): number {
    return this.delete(key)
  }

  /** More specific prefixes come before less specific ones, 0 before 1. */
  protected nextKeyAddress(key: number): number {
    acquireLock(this.memory, this.lock)
    const node = key === 0 ? this.firstUnder(this.root) : this.nodeAfter(key)
    const next = node === 0 ? 0 : this.stageKey(node)
    releaseLock(this.memory, this.lock)
    return next
  }

  private get root(): number {
    return this.memory.u32[this.control + ROOT] as number
  }

  private child(node: number, bit: number): number {
    return this.memory.u32[(node >>> 2) + CHILD + bit] as number
  }

  private lengthOf(node: number): number {
    return this.memory.u32[(node >>> 2) + LENGTH] as number
  }

  private isIntermediate(node: number): boolean {
    return this.memory.u32[(node >>> 2) + INTERMEDIATE] !== 0
  }

  /** Bit `index` of the data at `data`, counted from the most significant bit of the first byte. */
  private bit(data: number, index: number): number {
    return ((this.memory.u8[data + (index >>> 3)] as number) >>> (7 - (index & 7))) & 1
  }

  /** How many leading bits of the data at `data` and of the node agree, at most `limit`. */
  private commonBits(node: number, data: number, limit: number): number {
    const { u8, u32 } = this.memory
    const own = node + DATA_OFFSET
    let at = 0
    for (; at + 4 <= this.dataBytes; at += 4) {
      const difference = (u32[(own + at) >>> 2] as number) ^ readWord(this.memory, data + at)
      if (difference !== 0) return Math.min(limit, at * 8 + leadingZeros(difference))
      if ((at + 4) * 8 >= limit) return limit
    }
    for (; at < this.dataBytes; at++) {
      const difference = (u8[own + at] as number) ^ (u8[data + at] as number)
      if (difference !== 0) return Math.min(limit, at * 8 + Math.clz32(difference) - 24)
    }
    return limit
  }

  /** The node of the longest prefix of these bits, or 0. Bounded even when writers change the trie underneath. */
  private match(data: number, length: number): number {
    let found = 0
    let node = this.root
    for (let depth = 0; node !== 0 && depth <= this.longest; depth++) {
      const nodeLength = this.lengthOf(node)
      if (nodeLength > length || this.commonBits(node, data, nodeLength) < nodeLength) break
      if (!this.isIntermediate(node)) found = node
      if (nodeLength === this.longest) break
      node = this.child(node, this.bit(data, nodeLength))
    }
    return found
  }

  /**
   * Walks down along these bits. Stops at the first node that is no proper prefix of them; `link` is the word that
   * leads to it, `above` and `aboveLink` are one step up.
   */
  private descend(
    data: number,
    length: number,
  ): { node: number; common: number; link: number; above: number; aboveLink: number } {
    let [link, aboveLink, above, common] = [this.control + ROOT, 0, 0, 0]
    let node = this.root
    while (node !== 0) {
      const nodeLength = this.lengthOf(node)
      common = this.commonBits(node, data, Math.min(nodeLength, length))
      if (common !== nodeLength || nodeLength === length) break
      aboveLink = link
      above = node
      link = (node >>> 2) + CHILD + this.bit(data, nodeLength)
      node = this.memory.u32[link] as number
    }
    return { node, common, link, above, aboveLink }
  }

  private put(key: number, value: number, flags: number): number {
    const length = readWord(this.memory, key)
    const data = key + LENGTH_BYTES
    const { node, common, link } = this.descend(data, length)
    const same = node !== 0 && common === this.lengthOf(node)
    const there = same && !this.isIntermediate(node)
    if (there && flags === BPF_NOEXIST) return -ERRNO.EEXIST
    if (!there && flags === BPF_EXIST) return -ERRNO.ENOENT
    if (!there && this.count === this.attributes.maxEntries) return -ERRNO.ENOSPC
    const branches = node !== 0 && !same && common !== length
    if (this.room < (branches ? 2 : 1)) return -ERRNO.ENOMEM
    const fresh = this.newNode(data, length)
    copyBytes(this.memory, fresh + this.plan.valueOffset, value, this.valueBytes)
    if (!there) this.memory.u32[this.control + COUNT] = this.count + 1
    if (same) this.replace(node, fresh, link)
    else if (branches) this.branch(node, fresh, common, link)
    else this.insertAbove(node, fresh, link)
    return 0
  }

  /** Puts `fresh` where `node`, of the same prefix, was. */
  private replace(node: number, fresh: number, link: number): void {
    this.setChildren(fresh, this.child(node, 0), this.child(node, 1))
    this.memory.u32[link] = fresh
    this.giveNode(node)
  }

  /** Puts `fresh`, a prefix of `node` (or of nothing), above it. */
  private insertAbove(node: number, fresh: number, link: number): void {
    if (node !== 0) {
      const bit = this.bit(node + DATA_OFFSET, this.lengthOf(fresh))
      this.setChildren(fresh, bit === 0 ? node : 0, bit === 0 ? 0 : node)
    }
    this.memory.u32[link] = fresh
  }

  /** Puts an intermediate node of `common` bits above `node` and `fresh`, which part after them. */
  private branch(node: number, fresh: number, common: number, link: number): void {
    const between = this.newNode(node + DATA_OFFSET, common)
    this.memory.u32[(between >>> 2) + INTERMEDIATE] = 1
    const bit = this.bit(fresh + DATA_OFFSET, common)
    this.setChildren(between, bit === 0 ? fresh : node, bit === 0 ? node : fresh)
    this.memory.u32[link] = between
  }

  private remove(data: number, length: number): number {
    const { u32 } = this.memory
    const { node, common, link, above, aboveLink } = this.descend(data, length)
    if (node === 0 || this.lengthOf(node) !== length || common !== length || this.isIntermediate(node)) {
      return -ERRNO.ENOENT
    }
    u32[this.control + COUNT] = this.count - 1
    const [zero, one] = [this.child(node, 0), this.child(node, 1)]
    if (zero !== 0 && one !== 0) {
      u32[(node >>> 2) + INTERMEDIATE] = 1
      return 0
    }
    if (zero === 0 && one === 0 && above !== 0 && this.isIntermediate(above)) {
      // The branch has nothing to part any more: its other child takes its place.
      u32[aboveLink] = this.child(above, this.child(above, 0) === node ? 1 : 0)
      this.giveNode(above)
    } else {
      u32[link] = zero === 0 ? one : zero
    }
    this.giveNode(node)
    return 0
  }

  /** The first node of a subtree in the order of iteration. */
  private firstUnder(top: number): number {
    let [node, first] = [top, 0]
    while (node !== 0) {
      const zero = this.child(node, 0)
      if (!this.isIntermediate(node)) first = node
      node = zero === 0 && first === node ? this.child(node, 1) : zero
    }
    return first
  }

  private nodeAfter(key: number): number {
    const length = readWord(this.memory, key)
    if (length > this.longest) return this.firstUnder(this.root)
    const path = this.pathTo(key + LENGTH_BYTES, length)
    if (path === undefined) return this.firstUnder(this.root)
    let node = path.pop() as number
    for (let above = path.pop(); above !== undefined; above = path.pop()) {
      const one = this.child(above, 1)
      if (this.child(above, 0) === node && one !== 0) return this.firstUnder(one)
      if (!this.isIntermediate(above)) return above
      node = above
    }
    return 0
  }

  /** The nodes from the root to the element with exactly this prefix; undefined when there is none. */
  private pathTo(data: number, length: number): number[] | undefined {
    const path: number[] = []
    for (let node = this.root; node !== 0; node = this.child(node, this.bit(data, this.lengthOf(node)))) {
      const nodeLength = this.lengthOf(node)
      path.push(node)
      if (this.commonBits(node, data, Math.min(nodeLength, length)) !== nodeLength) return undefined
      if (nodeLength === length) return this.isIntermediate(node) ? undefined : path
    }
    return undefined
  }

  private stageKey(node: number): number {
    const staged = this.stageWord(this.lengthOf(node))
    copyBytes(this.memory, staged + LENGTH_BYTES, node + DATA_OFFSET, this.dataBytes)
    return staged
  }

  private setChildren(node: number, zero: number, one: number): void {
    this.memory.u32[(node >>> 2) + CHILD] = zero
    this.memory.u32[(node >>> 2) + CHILD + 1] = one
  }

  /** Nodes that can still be had. */
  private get room(): number {
    const { u32 } = this.memory
    return this.plan.capacity - (u32[this.control + FRESH] as number) + (u32[this.control + FREE_COUNT] as number)
  }

  private newNode(data: number, length: number): number {
    const node = this.takeNode()
    this.setChildren(node, 0, 0)
    this.memory.u32[(node >>> 2) + LENGTH] = length
    this.memory.u32[(node >>> 2) + INTERMEDIATE] = 0
    copyBytes(this.memory, node + DATA_OFFSET, data, this.dataBytes)
    return node
  }

  private takeNode(): number {
    const { u32 } = this.memory
    const fresh = u32[this.control + FRESH] as number
    const waiting = u32[this.control + FREE_COUNT] as number
    if (waiting <= QUARANTINE && fresh < this.plan.capacity) {
      u32[this.control + FRESH] = fresh + 1
      return this.nodes + fresh * this.plan.nodeBytes
    }
    const node = u32[this.control + FREE_HEAD] as number
    u32[this.control + FREE_HEAD] = this.child(node, 0)
    u32[this.control + FREE_COUNT] = waiting - 1
    return node
  }

  /** Queues a node that left the trie. Its child words serve as links: readers on it start again anyway. */
  private giveNode(node: number): void {
    const { u32 } = this.memory
    const waiting = u32[this.control + FREE_COUNT] as number
    this.setChildren(node, 0, 0)
    if (waiting === 0) u32[this.control + FREE_HEAD] = node
    else u32[((u32[this.control + FREE_TAIL] as number) >>> 2) + CHILD] = node
    u32[this.control + FREE_TAIL] = node
    u32[this.control + FREE_COUNT] = waiting + 1
  }
}

/** Leading zero bits of four bytes in memory order, of which `word` is the little-endian reading. */
function leadingZeros(word: number): number {
  const swapped = ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
  return Math.clz32(swapped)
}
