/** What all maps have in common whose elements are in a hash table. */
import { BPF_EXIST, BPF_NOEXIST, ERRNO, MAP_FLAG, type MapAttributes } from '@bpfoundry/kernel-abi'
import { type HashPlan, type HashShape, planHash } from './hash-plan.ts'
import { HashTable } from './hash-table.ts'
import { LineTable } from './line-table.ts'
import type { MapPlace } from './map-place.ts'
import { roundUp, Sections } from './sections.ts'
import { planStaging, SyscallSide } from './syscall-side.ts'

/** Geometry of a map around a hash table. */
export interface KeyedPlan {
  readonly staging: number
  readonly hash: HashPlan
  readonly sizeBytes: number
}

/** Bytes of a value on the syscall side. */
export function keyedValueBytes(attributes: MapAttributes, cpus: number, shape: HashShape): number {
  return shape.perCpu === true ? roundUp(attributes.valueSizeBytes, 8) * cpus : attributes.valueSizeBytes
}

/** Lays out a map around a hash table. */
export function planKeyed(attributes: MapAttributes, cpus: number, shape: HashShape): KeyedPlan {
  const sections = new Sections()
  const staging = planStaging(attributes, keyedValueBytes(attributes, cpus, shape), sections)
  const onDemand = (attributes.flags & MAP_FLAG.NO_PREALLOC) !== 0 || shape.onDemand === true
  const hash = planHash(attributes, cpus, { ...shape, onDemand }, sections)
  return { staging, hash, sizeBytes: sections.sizeBytes }
}

export abstract class KeyedMap extends SyscallSide {
  readonly table: HashTable
  protected readonly keyBytes: number
  protected readonly valueBytes: number
  protected readonly valueOffset: number
  /** The pool's slot for system calls: the one after those of the CPUs. */
  protected readonly systemSlot: number
  /** What a full pool answers: E2BIG, but ENOMEM when it is smaller than max_entries. */
  readonly fullError: number
  protected warmed = 0

  constructor(place: MapPlace, shape: HashShape) {
    const { attributes, cpus } = place
    const { staging, hash, sizeBytes } = planKeyed(attributes, cpus, shape)
    super(place, sizeBytes, staging, keyedValueBytes(attributes, cpus, shape))
    this.table =
      hash.line === undefined ? new HashTable(place, hash, shape) : new LineTable(place, hash, hash.line, shape)
    this.keyBytes = attributes.keySizeBytes
    this.valueBytes = attributes.valueSizeBytes
    this.valueOffset = hash.valueOffset
    this.systemSlot = cpus
    this.fullError = hash.capacity < attributes.maxEntries ? -ERRNO.ENOMEM : -ERRNO.E2BIG
  }

  get count(): number {
    return this.table.count
  }

  delete(key: number, cpu: number = this.systemSlot): number {
    const { table } = this
    const hash = table.hashOf(key)
    table.lock(hash)
    const element = table.findLocked(key, hash)
    const freed = element === 0 ? 0 : table.unlink(element, hash)
    if (element !== 0) this.unlinked(element)
    table.unlock(hash)
    if (freed === 0) return -ERRNO.ENOENT
    table.pool.give(cpu, freed)
    return 0
  }

  /** Called under the lock when an element left its bucket. */
  protected unlinked(_element: number): void {}

  /** 0, or why an update with these flags can't go on when the element is (not) there. */
  protected static checkFlags(flags: number, there: boolean): number {
    if (there) return flags === BPF_NOEXIST ? -ERRNO.EEXIST : 0
    return flags === BPF_EXIST ? -ERRNO.ENOENT : 0
  }

  protected override warm(keys: number, count: number): void {
    this.warmed = this.table.warm(keys, count, this.keyBytes)
  }

  protected sysDelete(key: number): number {
    return this.delete(key, this.systemSlot)
  }

  protected nextKeyAddress(key: number): number {
    const element = this.table.after(key)
    return element === 0 ? 0 : this.table.keyIn(element)
  }

  override *entries(): Generator<[Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>]> {
    this.memory.refresh()
    for (const element of this.table.all()) {
      yield [this.memory.read(this.table.keyIn(element), this.keyBytes), this.valueAt(this.valueIn(element))]
    }
  }

  override *valueAddresses(): Generator<number> {
    for (const element of this.table.all()) yield* this.valuesIn(element)
  }

  /** Addresses of an element's values: one for each CPU in a per-CPU map. */
  protected valuesIn(element: number): readonly number[] {
    return [this.valueIn(element)]
  }

  /** Address of an element's value (of CPU 0's in a per-CPU map). */
  protected valueIn(element: number): number {
    return element + this.valueOffset
  }
}
