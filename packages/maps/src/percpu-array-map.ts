/** BPF_MAP_TYPE_PERCPU_ARRAY: an array for every CPU. Each CPU's values lie together, on cache lines of their own. */
import { BPF_EXIST, BPF_NOEXIST, ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import { copyBytes, readWord } from './guest-bytes.ts'
import { checkArrayUpdate, IndexedMap } from './indexed-map.ts'
import type { MapPlace } from './map-place.ts'
import { roundUp, Sections } from './sections.ts'
import { planStaging } from './syscall-side.ts'

function plan(attributes: MapAttributes, cpus: number) {
  const sections = new Sections()
  const elementBytes = roundUp(attributes.valueSizeBytes, 8)
  const staging = planStaging(attributes, elementBytes * cpus, sections)
  const cpuStrideBytes = roundUp(elementBytes * attributes.maxEntries, 64)
  const values = sections.add(cpuStrideBytes * cpus)
  return { staging, values, elementBytes, cpuStrideBytes, sizeBytes: sections.sizeBytes }
}

export class PercpuArrayMap extends IndexedMap {
  static sizeBytes(attributes: MapAttributes, cpus: number): number {
    return plan(attributes, cpus).sizeBytes
  }

  readonly valueBase: number
  readonly elementBytes: number
  readonly cpuStrideBytes: number
  private readonly valueBytes: number

  constructor(place: MapPlace) {
    const { staging, values, elementBytes, cpuStrideBytes, sizeBytes } = plan(place.attributes, place.cpus)
    super(place, sizeBytes, staging, elementBytes * place.cpus)
    this.valueBase = place.address + values
    this.elementBytes = elementBytes
    this.cpuStrideBytes = cpuStrideBytes
    this.valueBytes = place.attributes.valueSizeBytes
  }

  lookup(key: number, cpu: number): number {
    const index = readWord(this.memory, key)
    if (index >= this.maxEntries || cpu >= this.cpus) return 0
    return this.valueBase + cpu * this.cpuStrideBytes + index * this.elementBytes
  }

  update(key: number, value: number, flags: number, cpu: number): number {
    const problem = checkArrayUpdate(flags, readWord(this.memory, key), this.maxEntries)
    if (problem !== 0) return problem
    copyBytes(this.memory, this.lookup(key, cpu), value, this.valueBytes)
    return 0
  }

  delete(): number {
    return -ERRNO.EINVAL
  }

  override *valueAddresses(): Generator<number> {
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      const first = this.valueBase + cpu * this.cpuStrideBytes
      for (let index = 0; index < this.maxEntries; index++) yield first + index * this.elementBytes
    }
  }

  protected sysLookup(key: number): number {
    return this.lookup(key, 0)
  }

  protected override copyOut(value: number, target: Uint8Array): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      const from = value + cpu * this.cpuStrideBytes
      target.set(this.memory.u8.subarray(from, from + this.elementBytes), cpu * this.elementBytes)
    }
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    if (flags > BPF_EXIST) return -ERRNO.EINVAL
    const first = this.lookup(key, 0)
    if (first === 0) return -ERRNO.E2BIG
    if (flags === BPF_NOEXIST) return -ERRNO.EEXIST
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      copyBytes(this.memory, first + cpu * this.cpuStrideBytes, value + cpu * this.elementBytes, this.elementBytes)
    }
    return 0
  }

  protected sysDelete(): number {
    return this.delete()
  }
}
