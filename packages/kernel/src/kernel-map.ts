import type { Btf } from '@bpfoundry/btf'
import { BPF_ANY, ERRNO, errnoName, MAP_FLAG, type MapAttributes, mapTypeName } from '@bpfoundry/kernel-abi'
import type { LoadedMap } from '@bpfoundry/loader'
import { ArenaMap, type BpfMap, RingbufMap } from '@bpfoundry/maps'
import type { MapField } from '@bpfoundry/verifier'
import { withHeldFields } from './held-fields.ts'
import { KernelError } from './kernel-error.ts'
import type { OffloadedMap } from './offload/offloaded-map.ts'
import { References } from './references.ts'

/** BTF types of a map's keys and values, when the object file had them. */
export interface MapBtf {
  readonly btf: Btf
  readonly keyTypeId: number
  readonly valueTypeId: number
}

/** Elements of a map of maps. */
export interface InnerMap {
  readonly attributes: MapAttributes
  readonly fields?: readonly MapField[]
}

/** A live map: bpf(2)'s map commands on bytes. Every refusal is a {@link KernelError} with the kernel's errno. */
export class KernelMap implements LoadedMap {
  readonly id: number
  readonly fd: number
  readonly attributes: MapAttributes
  readonly storage: BpfMap
  readonly btf?: MapBtf
  /** What the kernel keeps to itself in values, as the BTF tells; undefined without BTF. */
  readonly fields?: readonly MapField[]
  /** Of a map of maps: what its elements are like. */
  readonly inner?: InnerMap
  /** Set when it lives on a device, which may go while the map stays. */
  readonly offloaded?: OffloadedMap
  readonly #closeFd: (map: KernelMap) => void
  readonly #references: References
  #frozen = false
  #opened = 1

  constructor(fields: {
    readonly fd: number
    readonly storage: BpfMap
    readonly btf?: MapBtf
    readonly fields?: readonly MapField[]
    readonly inner?: InnerMap
    readonly offloaded?: OffloadedMap
    readonly closeFd: (map: KernelMap) => void
    readonly free: (map: KernelMap) => void
  }) {
    this.id = fields.storage.id
    this.fd = fields.fd
    this.attributes = fields.storage.attributes
    this.storage = fields.storage
    if (fields.btf !== undefined) this.btf = fields.btf
    if (fields.fields !== undefined) this.fields = fields.fields
    if (fields.inner !== undefined) this.inner = fields.inner
    if (fields.offloaded !== undefined) this.offloaded = fields.offloaded
    this.#closeFd = fields.closeFd
    this.#references = new References(() => {
      fields.free(this)
      this.storage.free()
    })
  }

  get name(): string {
    return this.attributes.name
  }

  get frozen(): boolean {
    return this.#frozen
  }

  /** What user space writes to the start of an arena; nothing for other maps. */
  writeStart(bytes: Uint8Array): void {
    if (this.storage instanceof ArenaMap) this.storage.write(this.storage.layout.userAddress, bytes)
  }

  /**
   * BPF_MAP_LOOKUP_ELEM.
   *
   * @param key `keySizeBytes` bytes
   * @returns the value, for a per-CPU map the values of all CPUs, each padded to 8 bytes; undefined for ENOENT
   */
  lookup(key: Uint8Array): Uint8Array | undefined {
    this.#checkKey(key)
    if (this.offloaded === undefined) return this.storage.lookupElement(key)
    return this.#found('LOOKUP', this.offloaded.lookup(key))
  }

  /**
   * BPF_MAP_UPDATE_ELEM.
   *
   * @param flags BPF_ANY, BPF_NOEXIST or BPF_EXIST
   * @throws KernelError KERNEL_MAP_UPDATE with E2BIG, EEXIST, ENOENT, EINVAL, EPERM (frozen) ...
   */
  update(key: Uint8Array, value: Uint8Array, flags: number = BPF_ANY): void {
    this.#checkKey(key)
    if (this.#frozen) throw this.#refused('UPDATE', ERRNO.EPERM, 'the map is frozen')
    this.#checkValue(value.length, this.valueBytes)
    const written = withHeldFields(this.storage, this.fields, key, value)
    this.#check('UPDATE', this.offloaded?.update(key, value, flags) ?? this.storage.updateElement(key, written, flags))
  }

  /**
   * BPF_MAP_UPDATE_BATCH: `count` elements from packed keys and values.
   *
   * @throws KernelError KERNEL_MAP_UPDATE at the first element that is refused; those before it are in the map
   */
  updateMany(keys: Uint8Array, values: Uint8Array, count: number, flags: number = BPF_ANY): void {
    if (this.#frozen) throw this.#refused('UPDATE', ERRNO.EPERM, 'the map is frozen')
    this.#checkValue(keys.length, count * this.attributes.keySizeBytes)
    this.#checkValue(values.length, count * this.valueBytes)
    if (this.offloaded !== undefined)
      throw this.#refused('UPDATE', ERRNO.ENOTSUPP, 'devices take one element at a time')
    const { count: updated, result } = this.storage.updateMany(keys, this.#heldInAll(keys, values, count), count, flags)
    if (result < 0) {
      const reason = REASONS[errnoName(result)] ?? 'the map type refuses it'
      throw this.#refused('UPDATE', -result, `element ${updated} of ${count}: ${reason}`)
    }
  }

  #heldInAll(keys: Uint8Array, values: Uint8Array, count: number): Uint8Array {
    if (this.fields === undefined || this.fields.length === 0) return values
    const [keyBytes, valueBytes] = [this.attributes.keySizeBytes, this.valueBytes]
    const written = new Uint8Array(values.length)
    for (let n = 0; n < count; n++) {
      const key = keys.subarray(n * keyBytes, (n + 1) * keyBytes)
      const value = values.subarray(n * valueBytes, (n + 1) * valueBytes)
      written.set(withHeldFields(this.storage, this.fields, key, value), n * valueBytes)
    }
    return written
  }

  /** BPF_MAP_DELETE_ELEM. @throws KernelError KERNEL_MAP_DELETE with ENOENT, EINVAL (arrays never delete) ... */
  delete(key: Uint8Array): void {
    this.#checkKey(key)
    if (this.#frozen) throw this.#refused('DELETE', ERRNO.EPERM, 'the map is frozen')
    this.#check('DELETE', this.offloaded?.delete(key) ?? this.storage.deleteElement(key))
  }

  /** BPF_MAP_GET_NEXT_KEY; undefined at the end. */
  nextKey(key?: Uint8Array): Uint8Array | undefined {
    if (this.offloaded === undefined) return this.storage.nextKey(key)
    return this.#found('NEXT_KEY', this.offloaded.nextKey(key))
  }

  /** Every key and value, in get-next order. */
  *entries(): IterableIterator<[Uint8Array, Uint8Array]> {
    for (let key = this.nextKey(); key !== undefined; key = this.nextKey(key)) {
      const value = this.lookup(key)
      if (value !== undefined) yield [key, value]
    }
  }

  /**
   * What programs put into a ring buffer, oldest first, as its one reader gets it; a record is the ring's again once the next
   * one is asked for. Nothing for other maps.
   */
  *consume(): IterableIterator<Uint8Array> {
    if (this.storage instanceof RingbufMap) yield* this.storage.consume()
  }

  /** BPF_MAP_FREEZE: user space writes no more. */
  freeze(): void {
    if (this.#frozen) throw this.#refused('FREEZE', ERRNO.EBUSY, 'the map is frozen already')
    this.#frozen = true
  }

  /** Frozen and read-only for programs: the verifier may take its bytes as constants. */
  get constantValue(): Uint8Array | undefined {
    if (this.offloaded !== undefined) return undefined
    const readOnly = (this.attributes.flags & MAP_FLAG.RDONLY_PROG) !== 0
    return readOnly && this.#frozen && this.attributes.maxEntries === 1
      ? this.storage.lookupElement(new Uint8Array(this.attributes.keySizeBytes))
      : undefined
  }

  /** Whether the device that it lived on is gone. */
  get orphaned(): boolean {
    return this.offloaded !== undefined && this.offloaded.netdev === undefined
  }

  /** Bytes of a value as the syscalls pass it. */
  get valueBytes(): number {
    return this.storage.syscallValueBytes
  }

  /** A program that uses it, or a pin, holds it beyond its fd. */
  hold(): void {
    this.#references.hold()
  }

  /** The counterpart of {@link hold}: the last one frees the map. */
  drop(): void {
    this.#references.drop()
  }

  /** Once more the same fd, to be closed once more. Call `Kernel.openMap`. */
  reopen(): void {
    this.#opened++
    this.#references.hold()
  }

  /** Gives the fd back, and the storage unless the map is held. */
  close(): void {
    if (this.#opened === 0) return
    this.#opened--
    if (this.#opened === 0) this.#closeFd(this)
    this.#references.drop()
  }

  #checkKey(key: Uint8Array): void {
    const expected = this.attributes.keySizeBytes
    if (key.length !== expected) {
      throw this.#refused('KEY', ERRNO.EINVAL, 'the key has the wrong length', key.length, expected)
    }
  }

  #checkValue(got: number, expected: number): void {
    if (got !== expected) throw this.#refused('UPDATE', ERRNO.EINVAL, 'the value has the wrong length', got, expected)
  }

  /** A device's answer: bytes, or ENOENT, or what is wrong. */
  #found(what: string, answer: Uint8Array | number): Uint8Array | undefined {
    if (typeof answer !== 'number') return answer
    if (answer !== -ERRNO.ENOENT) this.#check(what, answer)
    return undefined
  }

  #check(what: string, result: number): void {
    if (result < 0) throw this.#refused(what, -result, REASONS[errnoName(result)] ?? 'the map type refuses it')
  }

  #refused(what: string, errno: number, reason: string, got?: number, expected?: number): KernelError {
    return new KernelError(errno, {
      code: `KERNEL_MAP_${what}`,
      message: `${mapTypeName(this.attributes.type)} map ${this.name}: ${reason} (${errnoName(errno)})`,
      where: { map: this.name },
      ...(got === undefined ? {} : { got: `${got} bytes` }),
      ...(expected === undefined ? {} : { expected: `${expected} bytes` }),
    })
  }
}

/** What the errnos of map operations mean. @see bpf(2) */
const REASONS: Readonly<Record<string, string>> = {
  E2BIG: 'it is full, or the index is past max_entries',
  EEXIST: 'the key exists already (BPF_NOEXIST)',
  ENOENT: 'no such key',
  EINVAL: 'the operation, its flags or the key are not valid for this map type',
  ENOMEM: 'no memory is left for the element',
  ENODEV: 'the device that it lived on is gone',
  EOPNOTSUPP: 'the map type does not support it',
  ENOTSUPP: 'the map type does not support it',
}
