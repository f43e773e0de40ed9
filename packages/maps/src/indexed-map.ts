/** What all maps have in common whose keys are the indices 0 to max_entries - 1, 4 bytes each. */
import { BPF_EXIST, BPF_NOEXIST, ERRNO } from '@bpfoundry/kernel-abi'
import { readWord } from './guest-bytes.ts'
import type { MapPlace } from './map-place.ts'
import { SyscallSide } from './syscall-side.ts'

/** Flag of an update: take the value's spin lock. */
export const BPF_F_LOCK = 4

export abstract class IndexedMap extends SyscallSide {
  protected readonly maxEntries: number

  constructor(place: MapPlace, memoryBytes: number, staging: number, syscallValueBytes: number) {
    super(place, memoryBytes, staging, syscallValueBytes)
    this.maxEntries = place.attributes.maxEntries
  }

  get count(): number {
    return this.maxEntries
  }

  protected nextKeyAddress(key: number): number {
    const index = key === 0 ? this.maxEntries : readWord(this.memory, key)
    if (index >= this.maxEntries) return this.stageWord(0)
    return index === this.maxEntries - 1 ? 0 : this.stageWord(index + 1)
  }
}

/** What an update of an array says to its flags and index, before anything is copied. */
export function checkArrayUpdate(flags: number, index: number, maxEntries: number): number {
  const lock = flags >= BPF_F_LOCK && flags <= BPF_F_LOCK + BPF_EXIST
  const mode = lock ? flags - BPF_F_LOCK : flags
  if (mode > BPF_EXIST) return -ERRNO.EINVAL
  if (index >= maxEntries) return -ERRNO.E2BIG
  if (mode === BPF_NOEXIST) return -ERRNO.EEXIST
  // A value has no spin lock as long as maps know nothing of BTF.
  return lock ? -ERRNO.EINVAL : 0
}
