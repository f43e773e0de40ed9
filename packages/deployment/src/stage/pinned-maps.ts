import type { KernelMap } from '@bpfoundry/kernel'
import type { CollectionSpec, MapSpec } from '@bpfoundry/loader'
import type { BenchObjects } from '@bpfoundry/testbench'
import type { ProgramDescription } from '../schema/program.ts'

/** Maps that programs of one host share by the name of a pin, as by a path in bpffs. */
export class PinnedMaps {
  readonly #maps = new Map<string, KernelMap>()

  /** Maps that an object uses instead of its own, by their keys in it. */
  of({ host, maps }: ProgramDescription, spec: CollectionSpec): ReadonlyMap<string, KernelMap> {
    const found = new Map<string, KernelMap>()
    for (const [key, { pin }] of Object.entries(maps)) {
      const map = this.#find(host, pin)
      if (map !== undefined && spec.maps.has(key)) found.set(key, map)
    }
    return found
  }

  /** The first object with a pin brings its map. */
  keep({ host, maps }: ProgramDescription, objects: BenchObjects): void {
    for (const [key, { pin }] of Object.entries(maps)) {
      if (pin !== undefined && this.#find(host, pin) === undefined)
        this.#maps.set(`${host} ${pin}`, objects.map(key).kernelMap)
    }
  }

  /** Why a map can't be the pinned one, as libbpf checks before it reuses one. */
  difference(host: string, pin: string | undefined, spec: MapSpec): string | undefined {
    const there = this.#find(host, pin)?.attributes
    if (there === undefined) return undefined
    const fields = ['type', 'keySizeBytes', 'valueSizeBytes', 'maxEntries', 'flags'] as const
    const other = fields.find((field) => there[field] !== spec[field])
    return other === undefined
      ? undefined
      : `the map pinned as ${pin} has another ${other}: ${there[other]}, not ${spec[other]}`
  }

  #find(host: string, pin: string | undefined): KernelMap | undefined {
    return pin === undefined ? undefined : this.#maps.get(`${host} ${pin}`)
  }
}
