/** BPF_MAP_TYPE_DEVMAP_HASH: devices by any 32-bit key, for XDP_REDIRECT. */
import { BPF_EXIST, BPF_NOEXIST, ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { RedirectMap } from './bpf-map.ts'
import { DEVMAP_VALUE_BYTES, resolveDevmapValue } from './devmap-value.ts'
import { readWord } from './guest-bytes.ts'
import type { HashShape } from './hash-plan.ts'
import { KeyedMap, planKeyed } from './keyed-map.ts'
import type { MapPlace } from './map-place.ts'

const SHAPE: HashShape = { identity: true, onDemand: true }

export class DevMapHash extends KeyedMap implements RedirectMap {
  static sizeBytes(attributes: MapAttributes, cpus: number): number {
    return planKeyed(attributes, cpus, SHAPE).sizeBytes
  }

  constructor(place: MapPlace) {
    super(place, SHAPE)
  }

  target(index: number): number {
    const value = this.targetAddress(index)
    return value === 0 ? 0 : (this.memory.u32[value >>> 2] as number)
  }

  targetProgram(index: number): number {
    const value = this.targetAddress(index)
    return value === 0 ? 0 : (this.memory.u32[(value >>> 2) + 1] as number)
  }

  *targetIndexes(): Generator<number> {
    for (const element of this.table.all()) yield readWord(this.memory, this.table.keyIn(element))
  }

  targetAddress(index: number): number {
    const element = this.table.findIndex(index >>> 0)
    return element === 0 ? 0 : element + this.valueOffset
  }

  /** Address of the element's bpf_devmap_val, which programs may read, or 0. */
  lookup(key: number): number {
    return this.targetAddress(readWord(this.memory, key))
  }

  /** Programs can't update a devmap; the verifier refuses it. */
  update(): number {
    return -ERRNO.EOPNOTSUPP
  }

  protected sysLookup(key: number): number {
    return this.lookup(key)
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    const ifindex = readWord(this.memory, value)
    if (flags > BPF_EXIST || ifindex === 0) return -ERRNO.EINVAL
    const fd = this.valueBytes < DEVMAP_VALUE_BYTES ? 0 : readWord(this.memory, value + 4) | 0
    const { table } = this
    const hash = table.hashOf(key)
    table.lock(hash)
    const result = this.put(key, hash, ifindex, fd, flags)
    table.unlock(hash)
    return result
  }

  private put(key: number, hash: number, ifindex: number, fd: number, flags: number): number {
    const { table, systemSlot } = this
    const old = table.findLocked(key, hash)
    if (old !== 0 && flags === BPF_NOEXIST) return -ERRNO.EEXIST
    const program = resolveDevmapValue(this.place.references, ifindex, fd)
    if (program < 0) return program
    const element = old === 0 ? table.pool.take(systemSlot) : table.spare(hash, old)
    if (element === 0) return this.fullError
    this.memory.u32[(element + this.valueOffset) >>> 2] = ifindex
    this.memory.u32[((element + this.valueOffset) >>> 2) + 1] = program
    if (old === 0) table.insert(element, hash, key)
    else table.replace(old, element, hash, key)
    return 0
  }
}
