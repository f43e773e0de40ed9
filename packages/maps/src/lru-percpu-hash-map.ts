/** BPF_MAP_TYPE_LRU_PERCPU_HASH: a per-CPU hash map that gives up elements long unused when it is full. */
import { BPF_EXIST, ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { HashShape } from './hash-plan.ts'
import { planKeyed } from './keyed-map.ts'
import { LruClock } from './lru-clock.ts'
import type { MapPlace } from './map-place.ts'
import { PercpuHashMap } from './percpu-hash-map.ts'

const SHAPE: HashShape = { perCpu: true, lru: true }

export class LruPercpuHashMap extends PercpuHashMap {
  static override sizeBytes(attributes: MapAttributes, cpus: number): number {
    return planKeyed(attributes, cpus, SHAPE).sizeBytes
  }

  private readonly clock: LruClock

  constructor(place: MapPlace) {
    super(place, SHAPE)
    this.clock = new LruClock(this.memory, this.table)
  }

  protected override put(key: number, value: number, flags: number, cpu: number, slot: number): number {
    if (flags > BPF_EXIST) return -ERRNO.EINVAL
    const { table, clock } = this
    const hash = table.hashOf(key)
    for (;;) {
      table.lock(hash)
      const result = this.putLocked(key, value, flags, cpu, slot, hash)
      table.unlock(hash)
      // A bucket's lock must not be held when the clock looks for an element: start again with one in hand.
      if (result === this.fullError && clock.evict()) continue
      clock.layDown(slot)
      return result === this.fullError ? -ERRNO.ENOMEM : result
    }
  }

  protected override takeElement(slot: number): number {
    return this.clock.take(slot)
  }

  protected override addElement(element: number, key: number, value: number, cpu: number, hash: number): void {
    super.addElement(element, key, value, cpu, hash)
    this.clock.linked(element)
  }

  protected override used(element: number): void {
    this.clock.mark(element)
  }

  protected override unlinked(element: number): void {
    this.clock.unlinked(element)
  }
}
