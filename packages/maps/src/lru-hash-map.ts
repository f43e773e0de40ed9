/** BPF_MAP_TYPE_LRU_HASH: a hash map that gives up elements long unused when it is full. */
import { BPF_EXIST, ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import { copyBytes } from './guest-bytes.ts'
import type { HashShape } from './hash-plan.ts'
import { KeyedMap, planKeyed } from './keyed-map.ts'
import { LruClock } from './lru-clock.ts'
import type { MapPlace } from './map-place.ts'

const SHAPE: HashShape = { lru: true }

export class LruHashMap extends KeyedMap {
  static sizeBytes(attributes: MapAttributes, cpus: number): number {
    return planKeyed(attributes, cpus, SHAPE).sizeBytes
  }

  private readonly clock: LruClock

  constructor(place: MapPlace) {
    super(place, SHAPE)
    this.clock = new LruClock(this.memory, this.table)
  }

  lookup(key: number): number {
    const element = this.table.find(key)
    if (element === 0) return 0
    this.clock.mark(element)
    return element + this.valueOffset
  }

  update(key: number, value: number, flags: number, cpu: number): number {
    if (flags > BPF_EXIST) return -ERRNO.EINVAL
    const { table, clock } = this
    const hash = table.hashOf(key)
    for (;;) {
      table.lock(hash)
      const result = this.putLocked(key, value, flags, hash, cpu)
      table.unlock(hash)
      // A bucket's lock must not be held when the clock looks for an element: start again with one in hand.
      if (result === -ERRNO.ENOMEM && clock.evict()) continue
      clock.layDown(cpu)
      return result
    }
  }

  protected override unlinked(element: number): void {
    this.clock.unlinked(element)
  }

  protected sysLookup(key: number): number {
    const element = this.table.find(key)
    return element === 0 ? 0 : element + this.valueOffset
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    return this.update(key, value, flags, this.systemSlot)
  }

  private putLocked(key: number, value: number, flags: number, hash: number, slot: number): number {
    const old = this.table.findLocked(key, hash)
    const problem = KeyedMap.checkFlags(flags, old !== 0)
    if (problem !== 0) return problem
    return old === 0 ? this.add(key, value, hash, slot) : this.replace(old, key, value, hash)
  }

  private add(key: number, value: number, hash: number, slot: number): number {
    const element = this.clock.take(slot)
    if (element === 0) return -ERRNO.ENOMEM
    this.fill(element, value)
    this.table.insert(element, hash, key)
    this.clock.linked(element)
    return 0
  }

  private replace(old: number, key: number, value: number, hash: number): number {
    const { table, clock } = this
    const element = table.spare(hash, old)
    this.fill(element, value)
    clock.unlinked(old)
    table.replace(old, element, hash, key)
    clock.linked(element)
    clock.mark(element)
    return 0
  }

  private fill(element: number, value: number): void {
    copyBytes(this.memory, element + this.valueOffset, value, this.valueBytes)
  }
}
