import { type Kernel, KernelError, type KernelMap, type KernelProgram, type NetNamespace } from '@bpfoundry/kernel'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { Collection, type CollectionSpec, type MapRequest, type ProgramRequest } from '@bpfoundry/loader'

/** How to load an object. */
export interface DeviceLoadOptions {
  /** The device for which it is loaded; for the host when absent. */
  readonly ifindex?: number
  /** Loads only this program. */
  readonly program?: string
  /** BPF_PROG_TYPE_* instead of what the section says, as tools do that know what the program is for. */
  readonly type?: number
  /** Maps that are there already, used instead of new ones, by their names in the object. */
  readonly maps?: Readonly<Record<string, KernelMap>>
  readonly namespace?: NetNamespace
  /** BPF_LOG_LEVEL bits. */
  readonly logLevel?: number
}

/** What a kernel takes of an object, as `bpftool prog load OBJECT PATH dev DEVICE` puts it there. */
export type DeviceObjects = Collection<KernelMap, KernelProgram>

/**
 * Loads programs for a device with their maps, which live there too: all but perf event arrays. A map that is refused with
 * its BTF is created again without, as libbpf does.
 *
 * @throws LoaderError, KernelError, ProgramRejected
 */
export function loadForDevice(kernel: Kernel, spec: CollectionSpec, options: DeviceLoadOptions = {}): DeviceObjects {
  const { ifindex, program, type, namespace, logLevel } = options
  const place = ifindex === undefined ? {} : { offloadIfindex: ifindex }
  const who = namespace === undefined ? {} : { namespace }
  return Collection.create<KernelMap, KernelProgram>(spec, {
    kernel: {
      createMap: (request) => createOrReuse(kernel, request, options),
      loadProgram: (request: ProgramRequest) =>
        kernel.loadProgram({
          ...request,
          ...(type === undefined ? {} : { type, expectedAttachType: 0 }),
          ...(logLevel === undefined ? {} : { logLevel }),
          ...place,
          ...who,
        }),
    },
    ...(program === undefined ? {} : { programs: [program] }),
  })
}

function createOrReuse(
  kernel: Kernel,
  request: MapRequest<KernelMap>,
  { ifindex, maps, namespace }: DeviceLoadOptions,
): KernelMap {
  const reused = maps?.[request.name]
  if (reused !== undefined) return kernel.openMap(reused)
  const onDevice = ifindex !== undefined && request.type !== MAP_TYPE.PERF_EVENT_ARRAY
  const place = onDevice ? { offloadIfindex: ifindex } : {}
  const who = namespace === undefined ? {} : { namespace }
  try {
    return kernel.createMap({ ...request, ...place, ...who })
  } catch (error) {
    if (!(error instanceof KernelError) || request.btf === undefined) throw error
    const { btf: _btf, btfKeyTypeId: _key, btfValueTypeId: _value, ...plain } = request
    return kernel.createMap({ ...plain, ...place, ...who })
  }
}
