/** BPF_MAP_TYPE_PROG_ARRAY: programs by index, for tail calls. A slot holds a program's id, or 0. */
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { BPF_ANY, ERRNO, MAP_TYPE, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { TargetMap } from './bpf-map.ts'
import { readWord } from './guest-bytes.ts'
import { IndexedMap } from './indexed-map.ts'
import { MAP_HEADER, type MapPlace } from './map-place.ts'
import { Sections } from './sections.ts'
import { planStaging } from './syscall-side.ts'

function plan(attributes: MapAttributes): { staging: number; slots: number; sizeBytes: number } {
  const sections = new Sections()
  const staging = planStaging(attributes, attributes.valueSizeBytes, sections)
  const slots = sections.add(attributes.maxEntries * 4)
  return { staging, slots, sizeBytes: sections.sizeBytes }
}

const TYPE = MAP_HEADER.fields.type.offsetBytes >>> 2
const MAX_ENTRIES = MAP_HEADER.fields.maxEntries.offsetBytes >>> 2
/** Offset of the first slot: the same in every prog array, whose keys and values have 4 bytes. */
const SLOTS = plan({
  name: '',
  type: MAP_TYPE.PROG_ARRAY,
  keySizeBytes: 4,
  valueSizeBytes: 4,
  maxEntries: 1,
  flags: 0,
}).slots

/** Where compiled code finds the slots of any prog array. A slot is a u32 program id; offsets are from the header. */
export const PROG_ARRAY_LAYOUT: { readonly maxEntriesOffsetBytes: number; readonly slotsOffsetBytes: number } = {
  maxEntriesOffsetBytes: MAP_HEADER.fields.maxEntries.offsetBytes,
  slotsOffsetBytes: SLOTS,
}

/**
 * What a tail call finds: the id of the program in slot `index` of the prog array whose header is at `map`; 0 when the
 * slot is empty, the index is out of range, or the map is no prog array. For engines: no handle, no allocation.
 */
export function progArrayTarget(memory: GuestMemory, map: number, index: number): number {
  const { u32 } = memory
  const at = map >>> 2
  if (u32[at + TYPE] !== MAP_TYPE.PROG_ARRAY || index >= (u32[at + MAX_ENTRIES] as number)) return 0
  return u32[((map + SLOTS) >>> 2) + index] as number
}

export class ProgArrayMap extends IndexedMap implements TargetMap {
  static sizeBytes(attributes: MapAttributes): number {
    return plan(attributes).sizeBytes
  }

  private readonly slots: number

  constructor(place: MapPlace) {
    const { staging, slots, sizeBytes } = plan(place.attributes)
    super(place, sizeBytes, staging, place.attributes.valueSizeBytes)
    this.slots = place.address + slots
  }

  override get count(): number {
    const first = this.slots >>> 2
    return this.memory.u32.subarray(first, first + this.maxEntries).reduce((sum, id) => sum + (id === 0 ? 0 : 1), 0)
  }

  target(index: number): number {
    return index < this.maxEntries ? Atomics.load(this.memory.u32, (this.slots >>> 2) + index) : 0
  }

  targetProgram(): number {
    return 0
  }

  targetAddress(index: number): number {
    return this.target(index) === 0 ? 0 : this.slots + index * 4
  }

  /** Programs can't look into a prog array; the verifier refuses it. */
  lookup(): number {
    return 0
  }

  update(): number {
    return -ERRNO.EOPNOTSUPP
  }

  delete(key: number): number {
    const index = readWord(this.memory, key)
    if (index >= this.maxEntries) return -ERRNO.E2BIG
    return Atomics.exchange(this.memory.u32, (this.slots >>> 2) + index, 0) === 0 ? -ERRNO.ENOENT : 0
  }

  protected sysLookup(key: number): number {
    return this.targetAddress(readWord(this.memory, key))
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    if (flags !== BPF_ANY) return -ERRNO.EINVAL
    const index = readWord(this.memory, key)
    if (index >= this.maxEntries) return -ERRNO.E2BIG
    const fd = readWord(this.memory, value) | 0
    const program = this.place.references?.program(fd) ?? fd
    if (program < 0) return program
    Atomics.store(this.memory.u32, (this.slots >>> 2) + index, program)
    return 0
  }

  protected sysDelete(key: number): number {
    return this.delete(key)
  }
}
