/** BPF_MAP_TYPE_ARRAY: a fixed number of values, all there from the start, found by index. */
import { ERRNO, MAP_FLAG, type MapAttributes } from '@bpfoundry/kernel-abi'
import { copyBytes, readWord } from './guest-bytes.ts'
import { BPF_F_LOCK, checkArrayUpdate, IndexedMap } from './indexed-map.ts'
import type { MapPlace } from './map-place.ts'
import { roundUp, Sections } from './sections.ts'
import { planStaging } from './syscall-side.ts'

/** mmap works in pages of this size. */
const PAGE_BYTES = 4096

function plan(attributes: MapAttributes): { staging: number; values: number; elementBytes: number; sizeBytes: number } {
  const sections = new Sections()
  const staging = planStaging(attributes, attributes.valueSizeBytes, sections)
  const elementBytes = roundUp(attributes.valueSizeBytes, 8)
  const mappable = (attributes.flags & MAP_FLAG.MMAPABLE) !== 0
  const bytes = elementBytes * attributes.maxEntries
  const values = mappable ? sections.add(roundUp(bytes, PAGE_BYTES), PAGE_BYTES) : sections.add(bytes)
  return { staging, values, elementBytes, sizeBytes: sections.sizeBytes }
}

export class ArrayMap extends IndexedMap {
  static sizeBytes(attributes: MapAttributes): number {
    return plan(attributes).sizeBytes
  }

  readonly valueBase: number
  readonly elementBytes: number
  private readonly valueBytes: number

  constructor(place: MapPlace) {
    const { staging, values, elementBytes, sizeBytes } = plan(place.attributes)
    super(place, sizeBytes, staging, place.attributes.valueSizeBytes)
    this.valueBase = place.address + values
    this.elementBytes = elementBytes
    this.valueBytes = place.attributes.valueSizeBytes
  }

  lookup(key: number): number {
    const index = readWord(this.memory, key)
    return index < this.maxEntries ? this.valueBase + index * this.elementBytes : 0
  }

  update(key: number, value: number, flags: number): number {
    const index = readWord(this.memory, key)
    const problem = checkArrayUpdate(flags, index, this.maxEntries)
    if (problem !== 0) return problem
    copyBytes(this.memory, this.valueBase + index * this.elementBytes, value, this.valueBytes)
    return 0
  }

  delete(): number {
    return -ERRNO.EINVAL
  }

  override *valueAddresses(): Generator<number> {
    for (let index = 0; index < this.maxEntries; index++) yield this.valueBase + index * this.elementBytes
  }

  protected sysLookup(key: number): number {
    return this.lookup(key)
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    return flags >= BPF_F_LOCK ? -ERRNO.EINVAL : this.update(key, value, flags)
  }

  protected sysDelete(): number {
    return this.delete()
  }
}
