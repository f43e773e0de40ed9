import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { CollectionSpec, MapContent, MapSpec, ProgramSpec } from '@bpfoundry/loader'
import type { FillValue, VectorMap } from '../../vector/vector.ts'
import type { TestSetup } from './test-setup.ts'

/** Types that a kernel takes no BTF for. @see bpf_object__create_map() of libbpf */
const WITHOUT_BTF: ReadonlySet<number> = new Set([
  ...[MAP_TYPE.PERF_EVENT_ARRAY, MAP_TYPE.CGROUP_ARRAY, MAP_TYPE.STACK_TRACE, MAP_TYPE.ARRAY_OF_MAPS],
  ...[MAP_TYPE.HASH_OF_MAPS, MAP_TYPE.DEVMAP, MAP_TYPE.DEVMAP_HASH, MAP_TYPE.CPUMAP, MAP_TYPE.XSKMAP],
  ...[MAP_TYPE.SOCKMAP, MAP_TYPE.SOCKHASH, MAP_TYPE.QUEUE, MAP_TYPE.STACK, MAP_TYPE.ARENA],
])

const PAGE_BYTES = 4096

/** Entries of a perf event array that asks for one for each CPU, whatever the machine. */
const CPUS = 64

/** Where an arena that says nothing lies in user space: libbpf maps it wherever there is room. */
const ARENA_ADDRESS = 2 ** 44

/**
 * The maps that a program, and what those maps lead to, refer to: the maps of a vector, in an order in which they can be
 * made, and the programs that its prog arrays hold.
 */
export class ObjectMaps {
  readonly maps: VectorMap[] = []
  /** Programs to load first. */
  readonly programs: ProgramSpec[] = []
  readonly #spec: CollectionSpec
  readonly #setup: TestSetup
  readonly #indices = new Map<MapSpec, number>()
  readonly #btf: Uint8Array | undefined

  constructor(spec: CollectionSpec, setup: TestSetup, btf: Uint8Array | undefined) {
    this.#spec = spec
    this.#setup = setup
    this.#btf = btf
  }

  /** Adds what a program refers to. Gives its `mapRefs`. */
  add(program: ProgramSpec): { readonly pc: number; readonly map: number }[] {
    return program.mapRelocations.map(({ pc, map }) => ({ pc, map: this.#place(map) }))
  }

  #place(name: string): number {
    const spec = this.#spec.maps.get(name)
    if (spec === undefined) throw new Error(`a program refers to map '${name}', which the object does not have`)
    return this.#placeSpec(spec, name)
  }

  #placeSpec(spec: MapSpec, name: string): number {
    const known = this.#indices.get(spec)
    if (known !== undefined) return known
    const inner = spec.inner === undefined ? undefined : this.#placeSpec(spec.inner, '')
    const index = this.maps.length
    this.#indices.set(spec, index)
    const fill: (readonly [Uint8Array, FillValue])[] = []
    this.maps.push(this.#vectorMap(spec, inner, fill))
    // After the map itself: a prog array may hold a program that uses it.
    for (const { key, value } of spec.contents) fill.push([key, this.#content(value)])
    if (this.#setup.fill?.map === name) fill.push([this.#setup.fill.key, this.#setup.fill.value])
    return index
  }

  #vectorMap(spec: MapSpec, inner: number | undefined, fill: VectorMap['fill']): VectorMap {
    const { name, type, keySizeBytes, valueSizeBytes, flags, freeze, btfKeyTypeId, btfValueTypeId } = spec
    const mapExtra = spec.mapExtra ?? (type === MAP_TYPE.ARENA ? ARENA_ADDRESS : 0)
    const hasTypes = !WITHOUT_BTF.has(type) && btfKeyTypeId + btfValueTypeId !== 0
    return {
      ...{ name, type, keySizeBytes, valueSizeBytes, maxEntries: entries(spec), flags, mapExtra, freeze, fill },
      ...(inner === undefined ? {} : { inner }),
      ...(hasTypes && this.#btf !== undefined
        ? { btf: { bytes: this.#btf, keyTypeId: btfKeyTypeId, valueTypeId: btfValueTypeId } }
        : {}),
    }
  }

  #content(value: MapContent['value']): FillValue {
    if (value instanceof Uint8Array) return value
    return 'map' in value ? { map: this.#place(value.map) } : { prog: this.#program(value.program) }
  }

  #program(name: string): number {
    const program = this.#spec.programs.get(name)
    if (program === undefined) throw new Error(`a prog array holds '${name}', which the object does not have`)
    const known = this.programs.indexOf(program)
    return known >= 0 ? known : this.programs.push(program) - 1
  }
}

/** What libbpf fills in: an entry a CPU, whole pages of a ring. */
function entries({ type, maxEntries }: MapSpec): number {
  if (type === MAP_TYPE.PERF_EVENT_ARRAY && maxEntries === 0) return CPUS
  if (type !== MAP_TYPE.RINGBUF && type !== MAP_TYPE.USER_RINGBUF) return maxEntries
  return maxEntries === 0 ? 0 : Math.max(PAGE_BYTES, 2 ** Math.ceil(Math.log2(maxEntries)))
}
