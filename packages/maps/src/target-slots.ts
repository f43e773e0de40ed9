/** What redirect maps have in common whose keys are indices: a slot is two words, the first of which is 0 in an empty one. */
import { acquireLock, readSequence, releaseLock, sequenceUnchanged } from '@bpfoundry/guest-memory'
import { ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { RedirectMap } from './bpf-map.ts'
import { readWord } from './guest-bytes.ts'
import { IndexedMap } from './indexed-map.ts'
import type { MapPlace } from './map-place.ts'
import { Sections } from './sections.ts'
import { planStaging } from './syscall-side.ts'

/** Bytes of a slot: u32 target, u32 id of a program or 0. A map's value may be the first half only. */
export const TARGET_SLOT_BYTES = 8

/** Offsets in such a map. */
export interface TargetPlan {
  readonly staging: number
  readonly lock: number
  readonly slots: number
  /** What the map type keeps behind the slots. */
  readonly behind: number
  readonly sizeBytes: number
}

/** Lays out a map whose type keeps `behindBytes` more. */
export function planTargets(attributes: MapAttributes, behindBytes = 0): TargetPlan {
  const sections = new Sections()
  const staging = planStaging(attributes, attributes.valueSizeBytes, sections)
  const lock = sections.add(64)
  const slots = sections.add(attributes.maxEntries * TARGET_SLOT_BYTES)
  const behind = sections.add(behindBytes)
  return { staging, lock, slots, behind, sizeBytes: sections.sizeBytes }
}

export abstract class TargetSlots extends IndexedMap implements RedirectMap {
  protected readonly valueBytes: number
  readonly #lock: number
  readonly #slots: number

  constructor(place: MapPlace, plan: TargetPlan) {
    super(place, plan.sizeBytes, plan.staging, place.attributes.valueSizeBytes)
    this.#lock = place.address + plan.lock
    this.#slots = place.address + plan.slots
    this.valueBytes = place.attributes.valueSizeBytes
  }

  /** Where the slots lie, for who reads them without this object. */
  get geometry(): { readonly slots: number; readonly maxEntries: number } {
    return { slots: this.#slots, maxEntries: this.maxEntries }
  }

  override get count(): number {
    let count = 0
    for (let index = 0; index < this.maxEntries; index++) if (this.target(index) !== 0) count++
    return count
  }

  target(index: number): number {
    return index < this.maxEntries ? Atomics.load(this.memory.u32, this.#slotWord(index)) : 0
  }

  targetProgram(index: number): number {
    if (index >= this.maxEntries) return 0
    for (;;) {
      const seen = readSequence(this.memory, this.#lock)
      const program = this.memory.u32[this.#slotWord(index) + 1] as number
      if (sequenceUnchanged(this.memory, this.#lock, seen)) return program
    }
  }

  *targetIndexes(): Generator<number> {
    for (let index = 0; index < this.maxEntries; index++) if (this.target(index) !== 0) yield index
  }

  targetAddress(index: number): number {
    return this.target(index) === 0 ? 0 : this.#slots + index * TARGET_SLOT_BYTES
  }

  /** Address of the slot, which programs may read as the map's value; 0 when it is empty. */
  lookup(key: number): number {
    return this.targetAddress(readWord(this.memory, key))
  }

  /** Programs can't update these maps; the verifier refuses it. */
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

  protected sysDelete(key: number): number {
    return this.delete(key)
  }

  protected set(index: number, target: number, program: number): void {
    const at = this.#slotWord(index)
    acquireLock(this.memory, this.#lock)
    this.memory.u32[at + 1] = program
    Atomics.store(this.memory.u32, at, target)
    releaseLock(this.memory, this.#lock)
  }

  #slotWord(index: number): number {
    return (this.#slots >>> 2) + index * 2
  }
}
