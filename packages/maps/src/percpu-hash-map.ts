/** BPF_MAP_TYPE_PERCPU_HASH: any keys, a value for every CPU. Values are updated in place: a CPU has its own. */
import { BPF_EXIST, ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import { clearBytes, copyBytes } from './guest-bytes.ts'
import type { HashShape } from './hash-plan.ts'
import { KeyedMap, planKeyed } from './keyed-map.ts'
import type { MapPlace } from './map-place.ts'
import { roundUp } from './sections.ts'

const SHAPE: HashShape = { perCpu: true }
/** Stands for all CPUs where one is asked for: the value is in its syscall form. */
const ALL_CPUS = -1

export class PercpuHashMap extends KeyedMap {
  static sizeBytes(attributes: MapAttributes, cpus: number): number {
    return planKeyed(attributes, cpus, SHAPE).sizeBytes
  }

  protected readonly cpuStride: number
  private readonly roundedValueBytes: number

  constructor(place: MapPlace, shape: HashShape = SHAPE) {
    super(place, shape)
    this.cpuStride = this.table.plan.cpuStrideBytes
    this.roundedValueBytes = roundUp(this.valueBytes, 8)
  }

  lookup(key: number, cpu: number): number {
    const element = this.table.find(key)
    if (element === 0 || cpu >= this.cpus) return 0
    this.used(element)
    return this.valueIn(element) + cpu * this.cpuStride
  }

  update(key: number, value: number, flags: number, cpu: number): number {
    return this.put(key, value, flags, cpu, cpu)
  }

  protected sysLookup(key: number): number {
    const element = this.table.find(key)
    return element === 0 ? 0 : this.valueIn(element)
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    return this.put(key, value, flags, ALL_CPUS, this.systemSlot)
  }

  protected override copyOut(value: number, target: Uint8Array): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      const from = value + cpu * this.cpuStride
      target.set(this.memory.u8.subarray(from, from + this.roundedValueBytes), cpu * this.roundedValueBytes)
    }
  }

  protected override valueIn(element: number): number {
    return this.memory.u32[(element + this.valueOffset) >>> 2] as number
  }

  protected override valuesIn(element: number): readonly number[] {
    return Array.from({ length: this.cpus }, (_, cpu) => this.valueIn(element) + cpu * this.cpuStride)
  }

  /** Called when a program looked an element up, or an update found it. */
  protected used(_element: number): void {}

  /** An element for a new key, or 0; the lock of `hash` is held. */
  protected takeElement(slot: number): number {
    return this.table.pool.take(slot)
  }

  protected put(key: number, value: number, flags: number, cpu: number, slot: number): number {
    if (flags > BPF_EXIST) return -ERRNO.EINVAL
    const { table } = this
    const hash = table.hashOf(key)
    table.lock(hash)
    const result = this.putLocked(key, value, flags, cpu, slot, hash)
    table.unlock(hash)
    return result
  }

  protected putLocked(key: number, value: number, flags: number, cpu: number, slot: number, hash: number): number {
    const old = this.table.findLocked(key, hash)
    const problem = KeyedMap.checkFlags(flags, old !== 0)
    if (problem !== 0) return problem
    if (old !== 0) {
      this.used(old)
      this.setValue(old, value, cpu)
      return 0
    }
    const element = this.takeElement(slot)
    if (element === 0) return this.fullError
    this.addElement(element, key, value, cpu, hash)
    return 0
  }

  /** Links an element for a new key: what is not given a value is zero. */
  protected addElement(element: number, key: number, value: number, cpu: number, hash: number): void {
    if (cpu !== ALL_CPUS) this.clearValues(element)
    this.setValue(element, value, cpu)
    this.table.insert(element, hash, key)
  }

  private setValue(element: number, value: number, cpu: number): void {
    const first = this.valueIn(element)
    if (cpu !== ALL_CPUS) {
      copyBytes(this.memory, first + cpu * this.cpuStride, value, this.valueBytes)
      return
    }
    for (let one = 0; one < this.cpus; one++) {
      const from = value + one * this.roundedValueBytes
      copyBytes(this.memory, first + one * this.cpuStride, from, this.roundedValueBytes)
    }
  }

  private clearValues(element: number): void {
    const first = this.valueIn(element)
    for (let one = 0; one < this.cpus; one++) {
      clearBytes(this.memory, first + one * this.cpuStride, this.roundedValueBytes)
    }
  }
}
