import type { Insn } from '@bpfoundry/isa'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { ARENA_ADDRESS } from './arena-data.ts'
import type { CollectionSpec, MapContent, MapSpec, ProgramSpec } from './collection-spec.ts'
import { LoaderError } from './loader-error.ts'
import type { LoadedMap, LoadedProgram, LoaderKernel, MapRequest, ProgramRequest } from './loader-kernel.ts'

/** Options of {@link Collection.create}. */
export interface CollectionOptions<M extends LoadedMap, P extends LoadedProgram> {
  readonly kernel: LoaderKernel<M, P>
  /** Names of the programs to load, with those that prog arrays start out with; all but `SEC("?...")` when absent. */
  readonly programs?: readonly string[]
}

/** Map types that the kernel takes no key and value types for. */
const WITHOUT_BTF: ReadonlySet<number> = new Set<number>([
  MAP_TYPE.PERF_EVENT_ARRAY,
  MAP_TYPE.CGROUP_ARRAY,
  MAP_TYPE.STACK_TRACE,
  MAP_TYPE.ARRAY_OF_MAPS,
  MAP_TYPE.HASH_OF_MAPS,
  MAP_TYPE.DEVMAP,
  MAP_TYPE.DEVMAP_HASH,
  MAP_TYPE.CPUMAP,
  MAP_TYPE.XSKMAP,
  MAP_TYPE.SOCKMAP,
  MAP_TYPE.SOCKHASH,
  MAP_TYPE.QUEUE,
  MAP_TYPE.STACK,
  MAP_TYPE.ARENA,
])

/**
 * An object's maps and programs in a kernel. Closing it closes them all:
 *
 * ```
 * using collection = Collection.create(spec, { kernel })
 * ```
 */
export class Collection<M extends LoadedMap = LoadedMap, P extends LoadedProgram = LoadedProgram> {
  readonly spec: CollectionSpec
  readonly #kernel: LoaderKernel<M, P>
  readonly #maps = new Map<string, M>()
  readonly #programs = new Map<string, P>()

  private constructor(spec: CollectionSpec, kernel: LoaderKernel<M, P>) {
    this.spec = spec
    this.#kernel = kernel
  }

  /**
   * Creates every map, loads the programs, then fills what names programs. When something fails, what was made before
   * is closed again.
   *
   * @throws {LoaderError} LOADER_BYTE_ORDER, LOADER_PROGRAM_UNKNOWN, LOADER_UNSUPPORTED, LOADER_CONTENTS,
   *   LOADER_RELOCATION for a map taken out of the spec that a program uses; and whatever the kernel throws
   */
  static create<M extends LoadedMap, P extends LoadedProgram>(
    spec: CollectionSpec,
    { kernel, programs }: CollectionOptions<M, P>,
  ): Collection<M, P> {
    if (spec.byteOrder !== 'little') throw wrongByteOrder(spec)
    const wanted = selectPrograms(spec, programs)
    for (const { unsupported } of wanted) if (unsupported !== undefined) throw unsupported
    const collection = new Collection(spec, kernel)
    try {
      collection.#createMaps()
      for (const program of wanted)
        collection.#programs.set(program.name, kernel.loadProgram(collection.request(program.name)))
      collection.#fillProgramSlots()
    } catch (error) {
      collection.close()
      throw error
    }
    return collection
  }

  /** Live maps, by the spec's keys. */
  get maps(): ReadonlyMap<string, M> {
    return this.#maps
  }

  /** Live programs, by name. */
  get programs(): ReadonlyMap<string, P> {
    return this.#programs
  }

  /**
   * What the kernel is given to load a program on this collection's maps; to load it once more, for a device.
   *
   * @throws {LoaderError} LOADER_PROGRAM_UNKNOWN, LOADER_UNSUPPORTED, LOADER_RELOCATION
   */
  request(name: string): ProgramRequest {
    const program = findProgram(this.spec, name)
    if (program.unsupported !== undefined) throw program.unsupported
    const { type, expectedAttachType, license, functionInfo, lineInfo, flags, attachBtfId } = program
    const insns = this.#resolve(program)
    return {
      ...{ name: program.name, type, expectedAttachType, insns, license, functionInfo, lineInfo, flags },
      ...(this.spec.btf === undefined ? {} : { btf: this.spec.btf }),
      ...(attachBtfId === undefined ? {} : { attachBtfId }),
    }
  }

  /** Closes every program and map. Does nothing the second time. */
  close(): void {
    for (const program of this.#programs.values()) program.close()
    for (const map of this.#maps.values()) map.close()
    this.#programs.clear()
    this.#maps.clear()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #createMaps(): void {
    for (const [key, spec] of this.spec.maps) this.#maps.set(key, this.#createMap(spec))
    for (const [key, spec] of this.spec.maps) {
      const map = this.#maps.get(key) as M
      for (const content of spec.contents) {
        const value = this.#mapValue(spec, content)
        if (value === undefined) continue
        if (spec.type === MAP_TYPE.ARENA) map.writeStart?.(value)
        else map.update(content.key, value)
      }
      if (spec.freeze) map.freeze()
    }
  }

  #createMap(spec: MapSpec): M {
    const inner = spec.inner === undefined ? undefined : this.#createMap(spec.inner)
    try {
      return this.#kernel.createMap(this.#mapRequest(spec, inner))
    } finally {
      inner?.close()
    }
  }

  #mapRequest(spec: MapSpec, inner: M | undefined): MapRequest<M> {
    const { btf } = this.spec
    const { name, type, keySizeBytes, valueSizeBytes, flags, btfKeyTypeId, btfValueTypeId } = spec
    const mapExtra = spec.mapExtra ?? (type === MAP_TYPE.ARENA ? ARENA_ADDRESS : undefined)
    const maxEntries = entriesOf(spec, this.#kernel.possibleCpus ?? 1)
    const hasTypes = btf !== undefined && !WITHOUT_BTF.has(type) && btfKeyTypeId + btfValueTypeId !== 0
    return {
      name,
      type,
      keySizeBytes,
      valueSizeBytes,
      maxEntries,
      flags,
      ...(mapExtra === undefined ? {} : { mapExtra }),
      ...(hasTypes ? { btf, btfKeyTypeId, btfValueTypeId } : {}),
      ...(inner === undefined ? {} : { inner }),
    }
  }

  /** Bytes of an entry that names no program. */
  #mapValue(spec: MapSpec, { value }: MapContent): Uint8Array | undefined {
    if (value instanceof Uint8Array) return value
    if ('program' in value) return undefined
    const map = this.#maps.get(value.map)
    if (map === undefined) throw missingContent(spec, `map '${value.map}'`)
    return fdBytes(map.fd)
  }

  #fillProgramSlots(): void {
    for (const [key, spec] of this.spec.maps) {
      for (const { key: slot, value } of spec.contents) {
        if (value instanceof Uint8Array || !('program' in value)) continue
        const program = this.#programs.get(value.program)
        if (program === undefined) throw missingContent(spec, `program '${value.program}'`)
        this.#maps.get(key)?.update(slot, fdBytes(program.fd))
      }
    }
  }

  #resolve(program: ProgramSpec): Insn[] {
    const insns = [...program.insns]
    for (const { pc, map: name } of program.mapRelocations) {
      const map = this.#maps.get(name)
      if (map === undefined) {
        throw new LoaderError({
          code: 'LOADER_RELOCATION',
          message: `program '${program.name}' uses a map that is not there`,
          where: { program: program.name, pc, map: name },
          expected: [...this.#maps.keys()].join(', '),
        })
      }
      insns[pc] = { ...(insns[pc] as Insn), imm: map.fd }
    }
    return insns
  }
}

const PAGE_BYTES = 4096

/** As libbpf fills in what was declared: an entry a CPU, whole pages of a ring and a power of two of them. */
function entriesOf({ type, maxEntries }: MapSpec, cpus: number): number {
  if (type === MAP_TYPE.PERF_EVENT_ARRAY && maxEntries === 0) return cpus
  if ((type !== MAP_TYPE.RINGBUF && type !== MAP_TYPE.USER_RINGBUF) || maxEntries === 0) return maxEntries
  return Math.max(PAGE_BYTES, 2 ** Math.ceil(Math.log2(maxEntries)))
}

/** The programs asked for, and those that prog arrays of the spec name: a tail call needs its target. */
function selectPrograms(spec: CollectionSpec, names: readonly string[] | undefined): ProgramSpec[] {
  const programs = [...spec.programs.values()]
  const isWanted = wantedFilter(spec, names)
  const selected = new Set(programs.filter(isWanted))
  for (const { contents } of spec.maps.values()) {
    for (const { value } of contents) {
      if (value instanceof Uint8Array || !('program' in value)) continue
      const target = spec.programs.get(value.program)
      if (target !== undefined) selected.add(target)
    }
  }
  return programs.filter((program) => selected.has(program))
}

function wantedFilter(spec: CollectionSpec, names: readonly string[] | undefined): (program: ProgramSpec) => boolean {
  if (names === undefined) return ({ autoload }) => autoload
  const wanted = new Set(names.map((name) => findProgram(spec, name)))
  return (program) => wanted.has(program)
}

function findProgram(spec: CollectionSpec, name: string): ProgramSpec {
  const program = spec.programs.get(name)
  if (program !== undefined) return program
  throw new LoaderError({
    code: 'LOADER_PROGRAM_UNKNOWN',
    message: `no program '${name}'`,
    got: name,
    expected: [...spec.programs.keys()].join(', ') || 'none: the object holds no program',
  })
}

function missingContent(spec: MapSpec, what: string): LoaderError {
  return new LoaderError({
    code: 'LOADER_CONTENTS',
    message: `initial contents of map '${spec.name}' name ${what}, which is not there`,
    where: { map: spec.name, section: spec.section },
  })
}

function wrongByteOrder(spec: CollectionSpec): LoaderError {
  return new LoaderError({
    code: 'LOADER_BYTE_ORDER',
    message: 'the object is for machines of the other byte order',
    got: `${spec.byteOrder}-endian`,
    expected: 'little-endian',
    hint: 'compile with -target bpf or bpfel',
  })
}

function fdBytes(fd: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, fd, true)
  return bytes
}
