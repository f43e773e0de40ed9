import { type TypedCodec, typedCodec } from '@bpfoundry/btf'
import { LoaderError } from '../loader-error.ts'
import type { LoadedMap } from '../loader-kernel.ts'
import type { ElementShapes } from './element-shapes.ts'

/** A live map that user space can look into, as those of the emulated kernel. */
export interface ReadableMap extends LoadedMap {
  /** Bytes of a value as the syscalls pass it: of a per-CPU map those of all CPUs. */
  readonly valueBytes: number
  /** BPF_MAP_LOOKUP_ELEM; undefined for ENOENT. */
  lookup(key: Uint8Array): Uint8Array | undefined
  /** BPF_MAP_DELETE_ELEM. Throws what the kernel answers. */
  delete(key: Uint8Array): void
  /** BPF_MAP_GET_NEXT_KEY; undefined at the end. */
  nextKey(key?: Uint8Array): Uint8Array | undefined
}

/** Values of per-CPU maps lie so far apart. */
const PER_CPU_ALIGNMENT = 8

/**
 * A live map by the types that its object has for keys and values. Of a per-CPU map, a value is an array of one a CPU.
 * Errors are the kernel's, and BtfError BTF_VALUE for what does not fit.
 */
export class TypedMap<K, V, M extends ReadableMap = ReadableMap> {
  /** The map itself, for bytes. */
  readonly map: M
  readonly #keys: TypedCodec<K>
  readonly #values: TypedCodec<V>

  constructor(map: M, { key, value, isPerCpu }: ElementShapes) {
    this.map = map
    this.#keys = typedCodec<K>(key)
    const codec = typedCodec<unknown>(value)
    this.#values = (isPerCpu ? perCpuCodec(codec, map) : codec) as TypedCodec<V>
  }

  /** The element's value, undefined where there is none. */
  get(key: K): V | undefined {
    const bytes = this.map.lookup(this.#keys.encode(key))
    return bytes === undefined ? undefined : this.#values.decode(bytes)
  }

  /** @param flags BPF_ANY (the default), BPF_NOEXIST or BPF_EXIST */
  set(key: K, value: V, flags?: number): void {
    this.map.update(this.#keys.encode(key), this.#values.encode(value), flags)
  }

  delete(key: K): void {
    this.map.delete(this.#keys.encode(key))
  }

  /** Every element, in the order of BPF_MAP_GET_NEXT_KEY. */
  *entries(): IterableIterator<[K, V]> {
    for (let key = this.map.nextKey(); key !== undefined; key = this.map.nextKey(key)) {
      const value = this.map.lookup(key)
      if (value !== undefined) yield [this.#keys.decode(key), this.#values.decode(value)]
    }
  }
}

function perCpuCodec(one: TypedCodec<unknown>, { valueBytes, attributes }: ReadableMap): TypedCodec<unknown[]> {
  const stride = Math.ceil(one.sizeBytes / PER_CPU_ALIGNMENT) * PER_CPU_ALIGNMENT
  const cpus = stride === 0 ? 0 : valueBytes / stride
  return {
    sizeBytes: valueBytes,
    encode(values) {
      if (!Array.isArray(values) || values.length !== cpus) {
        throw new LoaderError({
          code: 'LOADER_VARIABLE',
          message: `map '${attributes.name}' has a value for each CPU`,
          where: { map: attributes.name },
          got: Array.isArray(values) ? `${values.length} values` : typeof values,
          expected: `an array of ${cpus}`,
        })
      }
      const bytes = new Uint8Array(valueBytes)
      for (const [cpu, value] of values.entries()) bytes.set(one.encode(value), cpu * stride)
      return bytes
    },
    decode: (bytes) => Array.from({ length: cpus }, (_, cpu) => one.decode(bytes.subarray(cpu * stride))),
  }
}
