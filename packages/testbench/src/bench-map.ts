import { type BtfValue, decodeValue, encodeValue } from '@bpfoundry/btf'
import type { KernelMap, MapBtf } from '@bpfoundry/kernel'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { TestbenchError } from './testbench-error.ts'

/** Map types whose values are one a CPU. */
const PER_CPU: ReadonlySet<number> = new Set([MAP_TYPE.PERCPU_ARRAY, MAP_TYPE.PERCPU_HASH, MAP_TYPE.LRU_PERCPU_HASH])

/**
 * A map as tests and scripts use it: keys and values by the types that the object file has for them.
 *
 * Without BTF, numbers are little-endian integers of the key's or value's size, and bytes are bytes.
 */
export class BenchMap {
  readonly kernelMap: KernelMap
  readonly #cpus: number
  /** Types of keys and values; the kernel has none of maps that live on a device. */
  readonly #btf: MapBtf | undefined

  /** @param btf what the object file says of its types, where the kernel does not have them */
  constructor(kernelMap: KernelMap, cpus: number, btf?: MapBtf) {
    this.kernelMap = kernelMap
    this.#cpus = cpus
    this.#btf = kernelMap.btf ?? btf
  }

  get name(): string {
    return this.kernelMap.name
  }

  /** Whether a value is an array of one a CPU. */
  get perCpu(): boolean {
    return PER_CPU.has(this.kernelMap.attributes.type)
  }

  /**
   * Sets an element; of a per-CPU map the value of every CPU, or with an array each its own.
   *
   * @throws KernelError E2BIG, EEXIST, EINVAL ...
   * @throws BtfError BTF_VALUE when key or value don't fit their types
   */
  set(key: BtfValue, value: BtfValue, flags?: number): void {
    this.kernelMap.update(this.encodeKey(key), this.encodeValue(value), flags)
  }

  /** The element's value, undefined when there is none. */
  get(key: BtfValue): BtfValue | undefined {
    const bytes = this.kernelMap.lookup(this.encodeKey(key))
    return bytes === undefined ? undefined : this.#decodeValue(bytes)
  }

  /** @throws KernelError ENOENT, EINVAL */
  delete(key: BtfValue): void {
    this.kernelMap.delete(this.encodeKey(key))
  }

  /** Elements now in the map. */
  get size(): number {
    return this.kernelMap.storage.count
  }

  /** Every element, decoded. */
  *entries(): IterableIterator<[BtfValue, BtfValue]> {
    for (const [key, value] of this.kernelMap.entries()) yield [this.#decodeKey(key), this.#decodeValue(value)]
  }

  /**
   * Sets many elements from packed bytes: `count` keys, `count` values, as BPF_MAP_UPDATE_BATCH takes them.
   *
   * @throws KernelError at the first that is refused
   */
  setMany(keys: Uint8Array, values: Uint8Array, count: number): void {
    if (this.kernelMap.offloaded === undefined) this.kernelMap.updateMany(keys, values, count)
    else this.#setEach(keys, values, count)
  }

  /** Devices take one element at a time. */
  #setEach(keys: Uint8Array, values: Uint8Array, count: number): void {
    const { keySizeBytes, valueSizeBytes } = this.kernelMap.attributes
    for (let n = 0; n < count; n++) {
      const value = values.subarray(n * valueSizeBytes, (n + 1) * valueSizeBytes)
      this.kernelMap.update(keys.subarray(n * keySizeBytes, (n + 1) * keySizeBytes), value)
    }
  }

  /** A key's bytes. */
  encodeKey(key: BtfValue): Uint8Array {
    return this.#encode('key', this.#btf?.keyTypeId, key, this.kernelMap.attributes.keySizeBytes)
  }

  /** A value's bytes, as the map's update takes them. */
  encodeValue(value: BtfValue): Uint8Array {
    const { attributes, valueBytes } = this.kernelMap
    const encode = (one: BtfValue): Uint8Array =>
      this.#encode('value', this.#btf?.valueTypeId, one, attributes.valueSizeBytes)
    if (!this.perCpu) return encode(value)
    if (value instanceof Uint8Array && value.length === valueBytes) return value
    const stride = valueBytes / this.#cpus
    const bytes = new Uint8Array(valueBytes)
    const each = Array.isArray(value) && value.length === this.#cpus ? value : undefined
    for (let cpu = 0; cpu < this.#cpus; cpu++) bytes.set(encode((each?.[cpu] ?? value) as BtfValue), cpu * stride)
    return bytes
  }

  #decodeKey(bytes: Uint8Array): BtfValue {
    return this.#decode(this.#btf?.keyTypeId, bytes)
  }

  #decodeValue(bytes: Uint8Array): BtfValue {
    const typeId = this.#btf?.valueTypeId
    if (!this.perCpu) return this.#decode(typeId, bytes)
    const stride = bytes.length / this.#cpus
    const sizeBytes = this.kernelMap.attributes.valueSizeBytes
    return Array.from({ length: this.#cpus }, (_, cpu) =>
      this.#decode(typeId, bytes.subarray(cpu * stride, cpu * stride + sizeBytes)),
    )
  }

  #encode(what: string, typeId: number | undefined, value: BtfValue, sizeBytes: number): Uint8Array {
    if (value instanceof Uint8Array && value.length === sizeBytes) return value
    const btf = this.#btf
    if (btf !== undefined && typeId && btf.btf.sizeOf(typeId) === sizeBytes) return encodeValue(btf.btf, typeId, value)
    if (typeof value === 'number' || typeof value === 'bigint') return littleEndian(BigInt(value), sizeBytes)
    throw new TestbenchError({
      code: 'TESTBENCH_MAP_VALUE',
      message: `the ${what} of map ${this.name} has no type information`,
      where: { map: this.name },
      got: typeof value,
      expected: `a number or ${sizeBytes} bytes`,
      hint: 'define the map in SEC(".maps") with __type(key, ...) and __type(value, ...), and compile with -g',
    })
  }

  #decode(typeId: number | undefined, bytes: Uint8Array): BtfValue {
    const btf = this.#btf
    // Program arrays and device maps name what they hold by a type of another size.
    if (btf === undefined || !typeId || btf.btf.sizeOf(typeId) !== bytes.length) return bytes
    return decodeValue(btf.btf, typeId, bytes)
  }
}

function littleEndian(value: bigint, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, byte) => Number((value >> BigInt(8 * byte)) & 0xffn))
}
