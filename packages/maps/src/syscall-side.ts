/**
 * The syscall side of a map: bytes in, bytes out. Bytes pass through a staging area of the map, guarded by a lock word,
 * so that the program side's code does the work and any thread may make system calls.
 */
import { acquireLock, type GuestMemory, releaseLock } from '@bpfoundry/guest-memory'
import { ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { BpfMap, BulkResult } from './bpf-map.ts'
import { MapError } from './map-error.ts'
import { clearHeader, MAP_HEADER, type MapPlace } from './map-place.ts'
import { roundUp, type Sections } from './sections.ts'

/** Bytes of the staging area, unless one element needs more. Bulk updates go through it in pieces. */
const STAGING_BYTES = 16_384
/** Keys of a bulk update whose places are read ahead: their cache lines fit the first-level cache. */
const WARM_KEYS = 64

/** Lays out header and staging area: the first sections of every map. Returns the offset of the staging area. */
export function planStaging(attributes: MapAttributes, syscallValueBytes: number, sections: Sections): number {
  sections.add(MAP_HEADER.sizeBytes)
  const elementBytes = roundUp(attributes.keySizeBytes, 8) + roundUp(syscallValueBytes, 8)
  return sections.add(Math.max(STAGING_BYTES, elementBytes))
}

/** What every map type has in common. A type implements the program side and the hooks below. */
export abstract class SyscallSide implements BpfMap {
  readonly address: number
  readonly id: number
  readonly cpus: number
  readonly attributes: MapAttributes
  readonly memoryBytes: number
  readonly syscallValueBytes: number
  protected readonly memory: GuestMemory
  protected readonly place: MapPlace
  private readonly stagingLock: number
  private readonly stagedKey: number
  private readonly stagedValue: number
  private readonly stagedAtOnce: number

  constructor(place: MapPlace, memoryBytes: number, staging: number, syscallValueBytes: number) {
    this.place = place
    this.memory = place.memory
    this.address = place.address
    this.id = place.id
    this.cpus = place.cpus
    this.attributes = place.attributes
    this.memoryBytes = memoryBytes
    this.syscallValueBytes = syscallValueBytes
    this.stagingLock = place.address + MAP_HEADER.fields.stagingLock.offsetBytes
    const keyBytes = roundUp(this.attributes.keySizeBytes, 8)
    const elementBytes = keyBytes + roundUp(syscallValueBytes, 8)
    this.stagedAtOnce = Math.max(1, Math.floor(STAGING_BYTES / elementBytes))
    this.stagedKey = place.address + staging
    this.stagedValue = this.stagedKey + keyBytes * this.stagedAtOnce
  }

  abstract lookup(key: number, cpu: number): number
  abstract update(key: number, value: number, flags: number, cpu: number): number
  abstract delete(key: number, cpu?: number): number
  abstract get count(): number

  /** Address of what {@link copyOut} copies, or 0. Leaves no trace in an LRU map. */
  protected abstract sysLookup(key: number): number
  /** Like `update`, with the value in its syscall form. */
  protected abstract sysUpdate(key: number, value: number, flags: number): number
  protected abstract sysDelete(key: number): number
  /** Address of the next key, or 0. `key` is 0 for the first. */
  protected abstract nextKeyAddress(key: number): number
  /** Fills in the syscall form of the value that {@link sysLookup} found. */
  protected copyOut(value: number, target: Uint8Array): void {
    target.set(this.memory.u8.subarray(value, value + target.length))
  }

  /** Called before a bulk update of `count` packed keys. */
  protected warm(_keys: number, _count: number): void {}

  lookupElement(key: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    return this.staged(key, undefined, () => {
      const value = this.sysLookup(this.stagedKey)
      return value === 0 ? undefined : this.valueAt(value)
    })
  }

  updateElement(key: Uint8Array, value: Uint8Array, flags = 0): number {
    return this.staged(key, value, () => this.sysUpdate(this.stagedKey, this.stagedValue, flags))
  }

  deleteElement(key: Uint8Array): number {
    return this.staged(key, undefined, () => this.sysDelete(this.stagedKey))
  }

  updateMany(keys: Uint8Array, values: Uint8Array, count: number, flags = 0): BulkResult {
    const keyBytes = this.attributes.keySizeBytes
    this.checkLength('MAP_KEY_LENGTH', keys, keyBytes * count)
    this.checkLength('MAP_VALUE_LENGTH', values, this.syscallValueBytes * count)
    let done = 0
    while (done < count) {
      const some = Math.min(this.stagedAtOnce, count - done)
      const result = this.updateSome(keys, values, done, some, flags)
      if (result.result !== 0) return { count: done + result.count, result: result.result }
      done += some
    }
    return { count: done, result: 0 }
  }

  nextKey(key?: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    return this.staged(key, undefined, () => {
      const next = this.nextKeyAddress(key === undefined ? 0 : this.stagedKey)
      return next === 0 ? undefined : this.memory.read(next, this.attributes.keySizeBytes)
    })
  }

  *entries(): Generator<[Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>]> {
    for (let key = this.nextKey(); key !== undefined; key = this.nextKey(key)) {
      const value = this.lookupElement(key)
      if (value !== undefined) yield [key, value]
    }
  }

  *valueAddresses(): Generator<number> {}

  free(): void {
    const { region } = this.place
    if (region === undefined) {
      throw new MapError({
        code: 'MAP_NOT_OWNER',
        errno: ERRNO.EPERM,
        message: 'this thread did not create the map and cannot free it',
        where: { map: this.attributes.name },
      })
    }
    clearHeader(this.place)
    this.memory.free(region)
  }

  /** Staged copy of a key made up by the map type itself: array-like maps answer their next index so. */
  protected stageWord(value: number): number {
    this.memory.u32[this.stagedValue >>> 2] = value
    return this.stagedValue
  }

  protected valueAt(value: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.syscallValueBytes)
    this.copyOut(value, bytes)
    return bytes
  }

  private staged<Result>(key: Uint8Array | undefined, value: Uint8Array | undefined, act: () => Result): Result {
    if (key !== undefined) this.checkLength('MAP_KEY_LENGTH', key, this.attributes.keySizeBytes)
    if (value !== undefined) this.checkLength('MAP_VALUE_LENGTH', value, this.syscallValueBytes)
    const { memory } = this
    memory.refresh()
    acquireLock(memory, this.stagingLock)
    try {
      if (key !== undefined) memory.u8.set(key, this.stagedKey)
      if (value !== undefined) memory.u8.set(value, this.stagedValue)
      return act()
    } finally {
      releaseLock(memory, this.stagingLock)
    }
  }

  /** Updates `count` elements from the `first` on; they fit the staging area. */
  private updateSome(keys: Uint8Array, values: Uint8Array, first: number, count: number, flags: number): BulkResult {
    const keyBytes = this.attributes.keySizeBytes
    const valueBytes = this.syscallValueBytes
    return this.staged(undefined, undefined, () => {
      const { u8 } = this.memory
      u8.set(keys.subarray(first * keyBytes, (first + count) * keyBytes), this.stagedKey)
      u8.set(values.subarray(first * valueBytes, (first + count) * valueBytes), this.stagedValue)
      for (let n = 0; n < count; n++) {
        if (n % WARM_KEYS === 0) this.warm(this.stagedKey + n * keyBytes, Math.min(WARM_KEYS, count - n))
        const result = this.sysUpdate(this.stagedKey + n * keyBytes, this.stagedValue + n * valueBytes, flags)
        if (result !== 0) return { count: n, result }
      }
      return { count, result: 0 }
    })
  }

  private checkLength(code: 'MAP_KEY_LENGTH' | 'MAP_VALUE_LENGTH', bytes: Uint8Array, expected: number): void {
    if (bytes.length === expected) return
    throw new MapError({
      code,
      errno: ERRNO.EINVAL,
      message:
        code === 'MAP_KEY_LENGTH' ? 'key is not as long as the map’s keys' : 'value is not as long as the map’s values',
      where: { map: this.attributes.name },
      got: `${bytes.length} bytes`,
      expected: `${expected} bytes`,
      ...(expected !== this.attributes.valueSizeBytes && code === 'MAP_VALUE_LENGTH' && this.cpus > 1
        ? { hint: 'a value of a per-CPU map holds one value for every CPU, each rounded up to 8 bytes' }
        : {}),
    })
  }
}
