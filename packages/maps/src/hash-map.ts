/**
 * BPF_MAP_TYPE_HASH: any keys, one value each.
 *
 * An update never writes to a value that is in the map: it links a new element and unlinks the old one, so that a
 * reader sees the old value or the new one, and one of them at any time.
 */
import { BPF_EXIST, ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import { copyBytes } from './guest-bytes.ts'
import type { HashShape } from './hash-plan.ts'
import { KeyedMap, planKeyed } from './keyed-map.ts'
import type { MapPlace } from './map-place.ts'

const SHAPE: HashShape = { lines: true }

export class HashMap extends KeyedMap {
  static sizeBytes(attributes: MapAttributes, cpus: number): number {
    return planKeyed(attributes, cpus, SHAPE).sizeBytes
  }

  constructor(place: MapPlace) {
    super(place, SHAPE)
  }

  lookup(key: number): number {
    const element = this.table.find(key)
    return element === 0 ? 0 : element + this.valueOffset
  }

  update(key: number, value: number, flags: number, cpu: number): number {
    // With BPF_F_LOCK, too: a value has no spin lock as long as maps know nothing of BTF.
    if (flags > BPF_EXIST) return -ERRNO.EINVAL
    const { table } = this
    const hash = table.hashOf(key)
    table.lock(hash)
    const old = table.findLocked(key, hash)
    let result = KeyedMap.checkFlags(flags, old !== 0)
    if (result === 0) result = old === 0 ? this.add(key, value, hash, cpu) : this.replace(old, key, value, hash)
    table.unlock(hash)
    return result
  }

  protected sysLookup(key: number): number {
    return this.lookup(key)
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    return this.update(key, value, flags, this.systemSlot)
  }

  private add(key: number, value: number, hash: number, slot: number): number {
    const element = this.table.take(hash, slot)
    if (element === 0) return this.fullError
    this.fill(element, value)
    this.table.insert(element, hash, key)
    return 0
  }

  private replace(old: number, key: number, value: number, hash: number): number {
    const { table } = this
    const element = table.spare(hash, old)
    this.fill(element, value)
    table.replace(old, element, hash, key)
    return 0
  }

  private fill(element: number, value: number): void {
    copyBytes(this.memory, element + this.valueOffset, value, this.valueBytes)
  }
}
