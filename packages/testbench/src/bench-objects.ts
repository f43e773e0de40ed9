import type { XdpMode } from '@bpfoundry/device'
import { nearestNames } from '@bpfoundry/diagnostics'
import type { Kernel, KernelMap, KernelProgram, MapBtf, TestRunRequest, TestRunResult } from '@bpfoundry/kernel'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { Collection, type CollectionSpec, type MapRequest, type ProgramRequest } from '@bpfoundry/loader'
import { BenchMap } from './bench-map.ts'
import type { OffloadCard } from './offload-card.ts'
import { TestbenchError } from './testbench-error.ts'

/** A loaded program, ready to attach or to test-run. */
export class BenchProgram {
  readonly name: string
  readonly kernelProgram: KernelProgram
  readonly #kernel: Kernel
  readonly #loadFor: (card: OffloadCard) => KernelProgram
  readonly #bound = new WeakMap<OffloadCard, KernelProgram>()

  constructor(fields: {
    readonly name: string
    readonly kernelProgram: KernelProgram
    readonly kernel: Kernel
    readonly loadFor: (card: OffloadCard) => KernelProgram
  }) {
    this.name = fields.name
    this.kernelProgram = fields.kernelProgram
    this.#kernel = fields.kernel
    this.#loadFor = fields.loadFor
  }

  /** BPF_PROG_TEST_RUN. @throws KernelError EINVAL, ENODEV, ENOTSUPP */
  run(request: TestRunRequest): TestRunResult {
    return this.#kernel.testRun(this.kernelProgram, request)
  }

  /**
   * The program to attach in a mode: for offload one that is loaded for the device, once.
   *
   * @throws ProgramRejected, KernelError or AttachError when the device can't take it
   */
  forMode(mode: XdpMode, card: OffloadCard | undefined): KernelProgram {
    const asItIs = mode !== 'offload' || card === undefined || this.kernelProgram.bound !== undefined
    if (asItIs) return this.kernelProgram
    const known = this.#bound.get(card)
    if (known !== undefined) return known
    const bound = this.#loadFor(card)
    this.#bound.set(card, bound)
    return bound
  }
}

/** Programs and maps of one object file, by name; an unknown name gives an error that lists the names there are. */
export interface BenchObjects {
  readonly name: string
  readonly spec: CollectionSpec
  readonly programs: Readonly<Record<string, BenchProgram>>
  readonly maps: Readonly<Record<string, BenchMap>>
  /** The program of that name, or the only one when no name is given. @throws TestbenchError TESTBENCH_NO_SUCH_PROGRAM */
  program(name?: string): BenchProgram
  /** @throws TestbenchError TESTBENCH_NO_SUCH_MAP */
  map(name: string): BenchMap
  /** Unloads everything. */
  close(): void
}

/** What to load of an object file. */
export interface ObjectOptions {
  /** Only these programs (and the maps they use); all when absent. */
  readonly programs?: readonly string[]
  /** BPF_LOG_LEVEL bits for the verifier's log; 1 by default. */
  readonly logLevel?: number
  /** Maps that exist already, as pinned ones do, by their keys in the spec: used instead of new ones. */
  readonly pinned?: ReadonlyMap<string, KernelMap>
  /** Loads maps and programs for this device, as `bpftool prog load ... dev` does. */
  readonly offloadIfindex?: number
}

/** Loads a spec into a kernel. @throws what Collection.create throws */
export function createObjects(
  kernel: Kernel,
  spec: CollectionSpec,
  name: string,
  options: ObjectOptions = {},
): BenchObjects {
  for (const wanted of options.programs ?? []) {
    if (!spec.programs.has(wanted)) throw noSuchProgram(name, wanted, [...spec.programs.keys()])
  }
  // What the loader asks for is kept: a program is loaded once more for each card that takes it.
  const requests = new Map<string, ProgramRequest>()
  // The loader asks by the kernel's name of a map.
  const pinned = new Map([...(options.pinned ?? [])].map(([key, map]) => [spec.maps.get(key)?.name ?? key, map]))
  const descriptions = new Map<string, MapBtf | undefined>()
  const collection = Collection.create(spec, {
    kernel: {
      possibleCpus: kernel.cpus.length,
      createMap: (request: MapRequest<KernelMap>) => {
        const known = pinned.get(request.name)
        if (known !== undefined) return kernel.openMap(known)
        descriptions.set(request.name, descriptionOf(request))
        return kernel.createMap(onDevice(request, options.offloadIfindex))
      },
      loadProgram: (request: ProgramRequest) => {
        requests.set(request.name, request)
        const { logLevel, offloadIfindex } = options
        return kernel.loadProgram({
          ...request,
          ...(logLevel === undefined ? {} : { logLevel }),
          ...(offloadIfindex === undefined ? {} : { offloadIfindex }),
        })
      },
    },
    ...(options.programs === undefined ? {} : { programs: options.programs }),
  })
  const programs = new Map<string, BenchProgram>()
  for (const [programName, kernelProgram] of collection.programs) {
    const loadFor = (card: OffloadCard): KernelProgram => {
      card.takeMaps(kernelProgram.maps)
      return kernel.loadProgram(requests.get(kernelProgram.name) as ProgramRequest, card)
    }
    programs.set(programName, new BenchProgram({ name: programName, kernelProgram, kernel, loadFor }))
  }
  const maps = new Map<string, BenchMap>()
  for (const [mapName, map] of collection.maps)
    maps.set(mapName, new BenchMap(map, kernel.cpus.length, descriptions.get(map.name)))
  return {
    name,
    spec,
    programs: named(programs, (wanted) => noSuchProgram(name, wanted, [...programs.keys()])),
    maps: named(maps, (wanted) => noSuchMap(name, wanted, [...maps.keys()])),
    program(wanted) {
      if (wanted === undefined && programs.size === 1) return [...programs.values()][0] as BenchProgram
      const found = wanted === undefined ? undefined : programs.get(wanted)
      if (found === undefined) throw noSuchProgram(name, wanted, [...programs.keys()])
      return found
    },
    map(wanted) {
      const found = maps.get(wanted)
      if (found === undefined) throw noSuchMap(name, wanted, [...maps.keys()])
      return found
    },
    close: () => collection.close(),
  }
}

/** Perf event arrays stay on the host; what lives on a device has no BTF: libbpf asks with it, is refused, and asks without. */
function onDevice(
  request: MapRequest<KernelMap>,
  offloadIfindex: number | undefined,
): Parameters<Kernel['createMap']>[0] {
  if (offloadIfindex === undefined || request.type === MAP_TYPE.PERF_EVENT_ARRAY) return request
  const { btf: _btf, btfKeyTypeId: _key, btfValueTypeId: _value, ...plain } = request
  return { ...plain, offloadIfindex }
}

function descriptionOf({ btf, btfKeyTypeId, btfValueTypeId }: MapRequest<KernelMap>): MapBtf | undefined {
  return btf === undefined ? undefined : { btf, keyTypeId: btfKeyTypeId ?? 0, valueTypeId: btfValueTypeId ?? 0 }
}

/** A record whose unknown names throw: `objects.programs.fliter` tells what there is instead of being undefined. */
function named<Item extends object>(
  items: ReadonlyMap<string, Item>,
  unknown: (name: string) => Error,
): Readonly<Record<string, Item>> {
  return new Proxy(Object.fromEntries(items), {
    get(target, name) {
      if (typeof name !== 'string' || name in target || name === 'then' || name === 'toJSON') {
        return Reflect.get(target, name) as Item
      }
      throw unknown(name)
    },
  })
}

export function noSuchProgram(object: string, wanted: string | undefined, names: readonly string[]): TestbenchError {
  return new TestbenchError({
    code: 'TESTBENCH_NO_SUCH_PROGRAM',
    message: wanted === undefined ? `${object} holds ${names.length} programs: name one` : `no such program: ${wanted}`,
    where: { input: object },
    ...(wanted === undefined ? {} : { got: wanted }),
    expected: names.join(', '),
    hint: wanted === undefined ? 'give --program NAME' : nearestNames(wanted, names),
  })
}

function noSuchMap(object: string, wanted: string, names: readonly string[]): TestbenchError {
  return new TestbenchError({
    code: 'TESTBENCH_NO_SUCH_MAP',
    message: `no such map: ${wanted}`,
    where: { input: object },
    got: wanted,
    expected: names.join(', '),
    hint: nearestNames(wanted, names),
  })
}
