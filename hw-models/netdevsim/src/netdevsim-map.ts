import type { DeviceMap, OffloadRefusal } from '@bpfoundry/kernel'
import { BPF_EXIST, BPF_NOEXIST, ERRNO, MAP_TYPE, type MapAttributes } from '@bpfoundry/kernel-abi'

/** Entries of any map on the device. @see NSIM_BPF_MAX_KEYS */
export const MAX_ENTRIES = 2

interface Entry {
  readonly key: Uint8Array
  value: Uint8Array
}

/** What the device says to a map; undefined to take it. @see nsim_bpf_map_alloc */
export function mapRefusal({ maxEntries, flags }: MapAttributes, accepts: boolean): OffloadRefusal | undefined {
  if (!accepts) return { errno: ERRNO.EOPNOTSUPP }
  if (maxEntries > MAX_ENTRIES) return { errno: ERRNO.ENOMEM }
  return flags === 0 ? undefined : { errno: ERRNO.EINVAL }
}

/** A map on the device: two places for entries, whatever `max_entries` says. @see drivers/net/netdevsim/bpf.c (6.12) */
export class NetdevsimMap implements DeviceMap {
  readonly #isArray: boolean
  readonly #entries: (Entry | undefined)[]
  readonly #freed: () => void

  /** @param freed told when the map goes */
  constructor({ type, keySizeBytes, valueSizeBytes }: MapAttributes, freed: () => void = () => {}) {
    this.#isArray = type === MAP_TYPE.ARRAY
    this.#freed = freed
    this.#entries = Array.from({ length: MAX_ENTRIES }, (_, index) =>
      this.#isArray ? { key: indexKey(index, keySizeBytes), value: new Uint8Array(valueSizeBytes) } : undefined,
    )
  }

  lookup(key: Uint8Array): Uint8Array | number {
    return this.#entry(key)?.value.slice() ?? -ERRNO.ENOENT
  }

  update(key: Uint8Array, value: Uint8Array, flags: number): number {
    const entry = this.#entry(key)
    if (entry === undefined && flags === BPF_EXIST) return -ERRNO.ENOENT
    if (entry !== undefined && flags === BPF_NOEXIST) return -ERRNO.EEXIST
    if (entry !== undefined) {
      entry.value = value.slice()
      return 0
    }
    const free = this.#entries.indexOf(undefined)
    if (free < 0) return -ERRNO.E2BIG
    this.#entries[free] = { key: key.slice(), value: value.slice() }
    return 0
  }

  delete(key: Uint8Array): number {
    if (this.#isArray) return -ERRNO.EINVAL
    const entry = this.#entry(key)
    if (entry === undefined) return -ERRNO.ENOENT
    this.#entries[this.#entries.indexOf(entry)] = undefined
    return 0
  }

  nextKey(key?: Uint8Array): Uint8Array | number {
    const entry = key === undefined ? undefined : this.#entry(key)
    const after = entry === undefined ? 0 : this.#entries.indexOf(entry) + 1
    return (
      this.#entries
        .slice(after)
        .find((next) => next !== undefined)
        ?.key.slice() ?? -ERRNO.ENOENT
    )
  }

  free(): void {
    this.#freed()
  }

  #entry(key: Uint8Array): Entry | undefined {
    return this.#entries.find((entry) => entry?.key.every((byte, at) => byte === key[at]))
  }
}

/** The driver writes the index as a u32 in the host's byte order; x86-64 and arm64 are little-endian. */
function indexKey(index: number, keySizeBytes: number): Uint8Array {
  const key = new Uint8Array(Math.max(keySizeBytes, 4))
  new DataView(key.buffer).setUint32(0, index, true)
  return key.subarray(0, keySizeBytes)
}
