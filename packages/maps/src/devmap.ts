/** BPF_MAP_TYPE_DEVMAP: devices by index, for XDP_REDIRECT. An empty slot has interface index 0. */
import { BPF_EXIST, BPF_NOEXIST, ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import { DEVMAP_VALUE_BYTES, resolveDevmapValue } from './devmap-value.ts'
import { readWord } from './guest-bytes.ts'
import type { MapPlace } from './map-place.ts'
import { planTargets, TargetSlots } from './target-slots.ts'

export class DevMap extends TargetSlots {
  static sizeBytes(attributes: MapAttributes): number {
    return planTargets(attributes).sizeBytes
  }

  constructor(place: MapPlace) {
    super(place, planTargets(place.attributes))
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
}
