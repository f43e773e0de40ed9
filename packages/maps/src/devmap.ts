/** BPF_MAP_TYPE_DEVMAP: devices by index, for XDP_REDIRECT. An empty slot has interface index 0. */
import { acquireLock, readSequence, releaseLock, sequenceUnchanged } from '@bpfoundry/guest-memory'
import { BPF_EXIST, BPF_NOEXIST, ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { TargetMap } from './bpf-map.ts'
import { DEVMAP_VALUE_BYTES, resolveDevmapValue } from './devmap-value.ts'
import { readWord } from './guest-bytes.ts'
import { IndexedMap } from './indexed-map.ts'
import type { MapPlace } from './map-place.ts'
import { Sections } from './sections.ts'
import { planStaging } from './syscall-side.ts'

function plan(attributes: MapAttributes): { staging: number; lock: number; slots: number; sizeBytes: number } {
  const sections = new Sections()
  const staging = planStaging(attributes, attributes.valueSizeBytes, sections)
  const lock = sections.add(64)
  const slots = sections.add(attributes.maxEntries * DEVMAP_VALUE_BYTES)
  return { staging, lock, slots, sizeBytes: sections.sizeBytes }
}

export class DevMap extends IndexedMap implements TargetMap {
  static sizeBytes(attributes: MapAttributes): number {
    return plan(attributes).sizeBytes
  }

  private readonly lock: number
  private readonly slots: number
  private readonly valueBytes: number

  constructor(place: MapPlace) {
    const { staging, lock, slots, sizeBytes } = plan(place.attributes)
    super(place, sizeBytes, staging, place.attributes.valueSizeBytes)
    this.lock = place.address + lock
    this.slots = place.address + slots
    this.valueBytes = place.attributes.valueSizeBytes
  }

  /** Where the slots lie, for who reads them without this object. */
  get geometry(): { readonly slots: number; readonly maxEntries: number } {
    return { slots: this.slots, maxEntries: this.maxEntries }
  }

  override get count(): number {
    let count = 0
    for (let index = 0; index < this.maxEntries; index++) if (this.target(index) !== 0) count++
    return count
  }

  target(index: number): number {
    return index < this.maxEntries ? Atomics.load(this.memory.u32, this.slotWord(index)) : 0
  }

  targetProgram(index: number): number {
    if (index >= this.maxEntries) return 0
    for (;;) {
      const seen = readSequence(this.memory, this.lock)
      const program = this.memory.u32[this.slotWord(index) + 1] as number
      if (sequenceUnchanged(this.memory, this.lock, seen)) return program
    }
  }

  targetAddress(index: number): number {
    return this.target(index) === 0 ? 0 : this.slots + index * DEVMAP_VALUE_BYTES
  }

  /** Address of the slot's bpf_devmap_val, which programs may read; 0 when it is empty. */
  lookup(key: number): number {
    return this.targetAddress(readWord(this.memory, key))
  }

  /** Programs can't update a devmap; the verifier refuses it. */
  update(): number {
    return -ERRNO.EOPNOTSUPP
  }

  delete(key: number): number {
    const index = readWord(this.memory, key)
    if (index >= this.maxEntries) return -ERRNO.EINVAL
    this.set(index, 0, 0)
    return 0
  }

  protected sysLookup(key: number): number {
    return this.lookup(key)
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    const index = readWord(this.memory, key)
    if (flags > BPF_EXIST) return -ERRNO.EINVAL
    if (index >= this.maxEntries) return -ERRNO.E2BIG
    if (flags === BPF_NOEXIST) return -ERRNO.EEXIST
    const ifindex = readWord(this.memory, value)
    const fd = this.valueBytes < DEVMAP_VALUE_BYTES ? 0 : readWord(this.memory, value + 4) | 0
    if (ifindex === 0 && fd > 0) return -ERRNO.EINVAL
    const program = ifindex === 0 ? 0 : resolveDevmapValue(this.place.references, ifindex, fd)
    if (program < 0) return program
    this.set(index, ifindex, program)
    return 0
  }

  protected sysDelete(key: number): number {
    return this.delete(key)
  }

  private slotWord(index: number): number {
    return (this.slots >>> 2) + index * 2
  }

  private set(index: number, ifindex: number, program: number): void {
    const at = this.slotWord(index)
    acquireLock(this.memory, this.lock)
    this.memory.u32[at + 1] = program
    Atomics.store(this.memory.u32, at, ifindex)
    releaseLock(this.memory, this.lock)
  }
}
