import { isHardened, type JitHarden, type RandomU32 } from '@bpfoundry/codegen'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import { allocateCpu, CPU_BLOCK, type Cpu, type Engine, type ProgramImage, type Translation } from '@bpfoundry/engine'
import { GuestMemory, writeU64 } from '@bpfoundry/guest-memory'
import { seedRandom } from '@bpfoundry/helpers'
import { createInterpreter } from '@bpfoundry/interpreter'
import {
  ATTACH_TYPE,
  ERRNO,
  errnoName,
  MAP_TYPE,
  type MapAttributes,
  mapTypeName,
  PROG_TYPE,
} from '@bpfoundry/kernel-abi'
import type { LoaderKernel } from '@bpfoundry/loader'
import { CgroupStorageMap, createMap, MapError, type MapReferences } from '@bpfoundry/maps'
import type { KernelBtf, MapField } from '@bpfoundry/verifier'
import { unpredictableKeys } from './hardening/blinding-keys.ts'
import { KernelError, ProgramNotCompiled } from './kernel-error.ts'
import { type InnerMap, KernelMap, type MapBtf } from './kernel-map.ts'
import { type InsertedModule, KernelModules, type ModuleRequest } from './kernel-modules.ts'
import { type BoundDevice, KernelProgram } from './kernel-program.ts'
import { checkedMapFields } from './map-field-check.ts'
import { MapOwners } from './map-owners.ts'
import { type KernelNetDevice, NetDevices } from './net-devices.ts'
import type { BoundProgram } from './offload/bound-program.ts'
import { INITIAL_NAMESPACE, type NetNamespace, NetNamespaces } from './offload/net-namespace.ts'
import type { MapInfo, ProgramInfo } from './offload/object-info.ts'
import { OffloadCore } from './offload/offload-core.ts'
import type { DeviceLoad } from './offload/offload-driver.ts'
import { deviceWentAway, mapWithBtf, runsOnDeviceOnly } from './offload/offload-errors.ts'
import type { OffloadedMap } from './offload/offloaded-map.ts'
import { OwnObjects } from './own-objects.ts'
import { type LoadedImage, loadImage, type ProgramRequest } from './program-load.ts'
import { Runtime } from './runtime.ts'
import { runsOnSkb, SkbTestBed } from './skb-test-run.ts'
import { SyscallTestBed } from './syscall-test-run.ts'
import { noTestRun, type TestRunRequest, type TestRunResult } from './test-run.ts'
import { runsOnTestFunctions, tracingTestRun } from './tracing-test-run.ts'
import { XdpTestBed } from './xdp-test-run.ts'

/** Options of {@link Kernel.create}; every default makes runs repeat exactly. */
export interface KernelOptions {
  /** Emulated CPUs: per-CPU maps have a slot for each. 1 by default. */
  readonly cpus?: number
  readonly memory?: GuestMemory
  /** Runs test runs; the interpreter by default. */
  readonly engine?: Engine
  /** Seed of bpf_get_prandom_u32. */
  readonly seed?: number
  /**
   * Gives compiling engines the helpers on a packet's path as BPF instructions. On by default; the interpreter, being the
   * specification, calls the helpers in any case.
   */
  readonly inlineHelpers?: boolean
  /**
   * net.core.bpf_jit_harden, 0 by default. With 2 compiling engines get every program with its constants blinded, by
   * fresh random keys each load; 1 is for unprivileged users only, of whom there are none here.
   */
  readonly harden?: JitHarden
  /** Where blinding gets its keys from; the system's cryptographic generator by default. For tests: `seededKeys`. */
  readonly blindingKeys?: RandomU32
  /**
   * Lets maps be created whose elements are not emulated (sockets, rings, events, other maps): they hold nothing, and serve
   * to judge programs that name them. False by default.
   */
  readonly hollowMaps?: boolean
  /**
   * The types of the kernel that this one stands for: programs bound to its functions, and calls of them, are judged by
   * these. `new LazyBtf(bytes)` of a vmlinux BTF; without it such programs are refused as not supported.
   */
  readonly kernelBtf?: KernelBtf
  /** The release that programs are judged for, `profile` of the verifier; "6.12" by default. */
  readonly profile?: string
  /** Takes what programs print, a line a call. */
  readonly trace?: (text: string) => void
}

/** A map to create: bpf(2)'s attributes, and its BTF when known. */
export interface MapRequest extends MapAttributes {
  readonly btf?: MapBtf['btf']
  readonly btfKeyTypeId?: number
  readonly btfValueTypeId?: number
  /** For maps of maps: what the inner maps are like. */
  readonly inner?: KernelMap
  /** map_ifindex: the map lives on this device. */
  readonly offloadIfindex?: number
  /** Where who creates it looks for the device; the initial namespace by default. */
  readonly namespace?: NetNamespace
  /** CAP_SYS_ADMIN, which a map on a device needs. True by default. */
  readonly isAdministrator?: boolean
}

/** A device that takes programs: who it is, and its say in each load. */
export interface OffloadDevice extends BoundDevice {
  /** Begins the load of one program. */
  prepare(program: ProgramRequest): DeviceLoad
}

const MAPS_OF_MAPS: ReadonlySet<number> = new Set([MAP_TYPE.ARRAY_OF_MAPS, MAP_TYPE.HASH_OF_MAPS])

function valuesOf({ attributes, fields }: KernelMap): InnerMap {
  return { attributes, ...(fields === undefined ? {} : { fields }) }
}

function noInnerMap({ name, type }: MapRequest): KernelError {
  return new KernelError(ERRNO.EBADF, {
    code: 'KERNEL_MAP_CREATE',
    message: `${mapTypeName(type)} map ${name} is refused: no inner map is given (EBADF)`,
    where: { map: name },
    hint: 'describe what its elements are like, by __array(values, ...) in the map definition',
  })
}

/** First fd given out; 0 to 2 are taken in every process. */
const FIRST_FD = 3

/** The emulated bpf(2): maps and programs by fd and id, on one guest memory. One thread owns it; workers run what it loaded. */
export class Kernel implements LoaderKernel<KernelMap, KernelProgram> {
  readonly memory: GuestMemory
  readonly cpus: readonly Cpu[]
  readonly runtime: Runtime
  readonly engine: Engine
  readonly #devices = new NetDevices()
  /** Programs and maps that are bound to devices. */
  readonly offload: OffloadCore = new OffloadCore((ifindex) => this.#devices.get(ifindex))
  readonly namespaces: NetNamespaces = new NetNamespaces()
  readonly #mapsByFd = new Map<number, KernelMap>()
  readonly #programsByFd = new Map<number, KernelProgram>()
  /** Also what has no fd any more, but is held. */
  readonly #mapsById = new Map<number, KernelMap>()
  readonly #programsById = new Map<number, KernelProgram>()
  readonly #mapOwners = new MapOwners()
  /** Blocks of AF_XDP sockets by fd. */
  readonly #sockets = new Map<number, number>()
  readonly #xdpTestBed: XdpTestBed
  /** Made for the first program that needs it. */
  #skbTestBed: SkbTestBed | undefined
  #syscallTestBed: SyscallTestBed | undefined
  readonly #inlineHelpers: boolean
  readonly #hollowMaps: boolean
  readonly #blindingKeys: RandomU32 | undefined
  readonly #modules: KernelModules
  readonly #objects: OwnObjects
  readonly #profile: string | undefined
  #nextFd = FIRST_FD
  #nextMapId = 1
  #nextProgramId = 1

  private constructor(options: KernelOptions) {
    this.memory = options.memory ?? GuestMemory.create()
    this.cpus = Array.from({ length: options.cpus ?? 1 }, (_, id) => allocateCpu(this.memory, id))
    for (const cpu of this.cpus) seedRandom(cpu, (options.seed ?? 1) + cpu.id)
    const trace = options.trace
    this.engine = options.engine ?? createInterpreter()
    this.runtime = new Runtime(this.memory, {
      engine: this.engine,
      ...(trace === undefined ? {} : { trace: (_cpu: Cpu, text: string) => trace(text) }),
    })
    this.#xdpTestBed = new XdpTestBed(this.memory)
    this.#inlineHelpers = options.inlineHelpers ?? true
    this.#hollowMaps = options.hollowMaps ?? false
    this.#modules = new KernelModules(options.kernelBtf)
    this.#objects = new OwnObjects(this.memory, this.cpus, options.kernelBtf)
    this.#profile = options.profile
    const hardened = isHardened(options.harden ?? 0, true)
    this.#blindingKeys = hardened ? (options.blindingKeys ?? unpredictableKeys()) : undefined
    this.addNetDevice({ ifindex: 1, name: 'lo' })
  }

  /** @throws KernelError KERNEL_CPUS for a number of CPUs that is not 1 to 64 */
  static create(options: KernelOptions = {}): Kernel {
    const cpus = options.cpus ?? 1
    if (!Number.isInteger(cpus) || cpus < 1 || cpus > 64) {
      throw new KernelError(ERRNO.EINVAL, {
        code: 'KERNEL_CPUS',
        message: 'number of emulated CPUs out of range',
        got: cpus,
        expected: '1 to 64',
      })
    }
    return new Kernel(options)
  }

  /**
   * BPF_MAP_CREATE.
   *
   * @throws KernelError KERNEL_MAP_CREATE with EINVAL, E2BIG, ENOMEM ... as Linux answers
   */
  createMap(request: MapRequest): KernelMap {
    const { inner } = request
    if (MAPS_OF_MAPS.has(request.type) && inner === undefined) throw noInnerMap(request)
    const fields = checkedMapFields(request, this.#profile)
    const held = this.#heldBy(request, fields)
    const offloaded = this.#createOnDevice(request)
    const storage = this.#createStorage(request, offloaded)
    offloaded?.placed(storage)
    const map = new KernelMap({
      fd: this.#nextFd++,
      storage,
      ...(fields === undefined ? {} : { fields }),
      ...(inner === undefined ? {} : { inner: valuesOf(inner) }),
      ...(request.btf === undefined
        ? {}
        : {
            btf: {
              btf: request.btf,
              keyTypeId: request.btfKeyTypeId ?? 0,
              valueTypeId: request.btfValueTypeId ?? 0,
            },
          }),
      ...(offloaded === undefined ? {} : { offloaded }),
      closeFd: (closed) => void this.#mapsByFd.delete(closed.fd),
      free: (freed) => {
        if (held !== undefined) for (const value of freed.storage.valueAddresses()) this.#objects.dropHeld(value, held)
        this.#mapsById.delete(freed.id)
        this.#mapOwners.forget(freed.id)
        this.runtime.forgetMap(freed.storage.address)
        freed.offloaded?.destroy()
      },
    })
    this.#mapsByFd.set(map.fd, map)
    this.#mapsById.set(map.id, map)
    return map
  }

  /**
   * BPF_PROG_LOAD: verify, fix up, keep.
   *
   * @param device binds the program to a device: its hooks have a say, and the host can't run it
   * @throws ProgramRejected with log and reason; KernelError E2BIG, EINVAL
   */
  loadProgram(request: ProgramRequest, device?: OffloadDevice): KernelProgram {
    const { offloadIfindex } = request
    const bound = offloadIfindex === undefined ? undefined : this.offload.bind(request, offloadIfindex)
    try {
      return this.#load(request, bound, device)
    } catch (error) {
      if (bound !== undefined) this.offload.free(bound)
      throw error
    }
  }

  #load(request: ProgramRequest, bound: BoundProgram | undefined, device: OffloadDevice | undefined): KernelProgram {
    const id = this.#nextProgramId
    const deviceLoad = device?.prepare(request)
    const hooks = bound?.hooks((hook) => this.offload.during(hook)) ?? deviceLoad?.hooks
    const loaded = loadImage(request, id, {
      mapByFd: (fd) => this.#mapsByFd.get(fd),
      possibleCpus: this.cpus.length,
      inlineHelpers: this.#inlineHelpers,
      structureAddress: (btf, typeId) => this.#objects.structureAddress(btf, typeId),
      ...(this.#blindingKeys === undefined ? {} : { blindingKeys: this.#blindingKeys }),
      ...(this.#modules.btf === undefined ? {} : { kernelBtf: this.#modules.btf }),
      modules: this.#modules.byFd,
      verifiedByFd: (fd) => this.#programsByFd.get(fd)?.verified,
      ...(this.#profile === undefined ? {} : { profile: this.#profile }),
      ...(hooks === undefined ? {} : { device: hooks }),
      isElsewhere: (map) => device === undefined && this.offload.isElsewhere(bound, map.offloaded, map.attributes.type),
    })
    this.#mapOwners.checkUsed(loaded.image, loaded.maps)
    if (loaded.callsKernel) this.#objects.prepare()
    deviceLoad?.accepted?.(id, loaded.maps)
    if (bound?.offloaded && !this.offload.during(() => bound.accepted(id, loaded.maps))) throw deviceWentAway(request)
    const { image, ...found } = loaded
    const translation = this.#translate(image, loaded)
    const program = new KernelProgram({
      fd: this.#nextFd++,
      translation,
      ...found,
      ...(device === undefined ? {} : { boundDevice: { ifindex: device.ifindex, name: device.name } }),
      ...(bound === undefined ? {} : { bound }),
      closeFd: (closed) => void this.#programsByFd.delete(closed.fd),
      free: (freed) => this.#freeProgram(freed),
    })
    this.#nextProgramId++
    this.#programsByFd.set(program.fd, program)
    this.#programsById.set(program.id, program)
    this.runtime.install(translation)
    return program
  }

  #freeProgram(program: KernelProgram): void {
    this.#programsById.delete(program.id)
    this.runtime.remove(program.id)
    this.engine.release?.(program.translation)
    if (program.bound !== undefined) this.offload.free(program.bound)
  }

  /**
   * BPF_PROG_TEST_RUN on CPU 0.
   *
   * @throws KernelError ENOTSUPP for a program type without test run (KERNEL_TEST_RUN_TYPE), and for one whose test run is
   *   not there yet (KERNEL_TEST_RUN_UNSUPPORTED); EINVAL, E2BIG, ENODEV; ExecutionFault from a checking engine
   */
  testRun(program: KernelProgram, request: TestRunRequest): TestRunResult {
    const cpu = this.cpus[0] as Cpu
    const { type } = program.image
    for (const { storage } of program.maps) if (storage instanceof CgroupStorageMap) storage.clear()
    if (program.bound?.offloaded) throw runsOnDeviceOnly(program)
    if (type === PROG_TYPE.XDP) {
      return this.#xdpTestBed.run(this.runtime, program.id, cpu, request, (ifindex) => this.#devices.rxQueues(ifindex))
    }
    if (runsOnTestFunctions(program)) return tracingTestRun(program)
    if (type === PROG_TYPE.SYSCALL) {
      this.#syscallTestBed ??= new SyscallTestBed(this.memory)
      return this.#syscallTestBed.run(this.runtime, program.id, cpu, request, program.verified.notes.contextBytes)
    }
    if (!runsOnSkb(type)) throw noTestRun(program)
    this.#skbTestBed ??= new SkbTestBed(this.memory)
    return this.#skbTestBed.run(this.runtime, program.id, cpu, request, (ifindex) => this.#devices.has(ifindex))
  }

  /** What bpf_ktime_get_ns answers from now on, on every CPU that has no clock of its own running. @param ns below 2^53 */
  setTimeNs(ns: number): void {
    for (const { block } of this.cpus) writeU64(this.memory, block + CPU_BLOCK.fields.nowNs.offsetBytes, ns)
  }

  /**
   * Brings a module in, as far as programs are judged by it: its types stand beside the kernel's from now on, and programs
   * may name its functions in calls. @throws KernelError KERNEL_MODULE: ENOENT without `kernelBtf`; EEXIST, EINVAL
   */
  insertModule(request: ModuleRequest): InsertedModule {
    const module = this.#modules.insert(request, this.#nextFd)
    this.#nextFd++
    return module
  }

  /** The kernel's types with those of its modules; undefined without `kernelBtf`. */
  get btf(): KernelBtf | undefined {
    return this.#modules.btf
  }

  /** BPF_MAP_GET_FD_BY_ID: a map that is held by others has its fd again; to be closed. */
  openMap(map: KernelMap): KernelMap {
    map.reopen()
    this.#mapsByFd.set(map.fd, map)
    return map
  }

  /** Objects that programs made and nobody gave up: what maps hold, and none once those are gone. */
  get liveObjects(): number {
    return this.#objects.live
  }

  /** Live maps, by id. Those whose device is gone have none any more. */
  get maps(): readonly KernelMap[] {
    return [...this.#mapsById.values()].filter(({ orphaned }) => !orphaned).sort((a, b) => a.id - b.id)
  }

  /** Live programs, by id. */
  get programs(): readonly KernelProgram[] {
    return [...this.#programsById.values()].sort((a, b) => a.id - b.id)
  }

  mapById(id: number): KernelMap | undefined {
    return this.#mapsById.get(id)
  }

  programById(id: number): KernelProgram | undefined {
    return this.#programsById.get(id)
  }

  #translate(image: ProgramImage, { log, stats }: LoadedImage): Translation {
    try {
      return this.engine.translate(image)
    } catch (error) {
      if (!isDiagnostic(error)) throw error
      throw new ProgramNotCompiled(image.name, this.engine.name, error, log, stats)
    }
  }

  /** Makes a device known, so that devmaps and test runs can name it. */
  addNetDevice(device: KernelNetDevice): void {
    this.#devices.add(device)
  }

  /** A device is unregistered: what was bound to it is orphaned, unless it is the port of a card, which tells by itself. */
  removeNetDevice(ifindex: number): void {
    this.#devices.remove(ifindex)
    this.offload.deviceGone(ifindex)
  }

  /** `ip link set dev X netns N`. */
  moveNetDevice(ifindex: number, namespace: NetNamespace): void {
    this.#devices.move(ifindex, namespace)
  }

  /** Devices of one namespace. */
  netDevices(namespace: NetNamespace = INITIAL_NAMESPACE): readonly KernelNetDevice[] {
    return this.#devices.of(namespace)
  }

  /** BPF_OBJ_GET_INFO_BY_FD of a program. @throws KernelError ENODEV for one whose device is gone */
  programInfo(program: KernelProgram): ProgramInfo {
    return this.#devices.programInfo(program, this.#profile)
  }

  /** BPF_OBJ_GET_INFO_BY_FD of a map. @throws KernelError ENODEV for one whose device is gone */
  mapInfo(map: KernelMap): MapInfo {
    return this.#devices.mapInfo(map)
  }

  /** map_ifindex. @throws KernelError EPERM, EINVAL, EOPNOTSUPP, ENOTSUPP or what the device answers */
  #createOnDevice(request: MapRequest): OffloadedMap | undefined {
    const { offloadIfindex, btfValueTypeId } = request
    if (offloadIfindex === undefined) return undefined
    const map = this.offload.createMap(request, offloadIfindex, request)
    if (request.btf === undefined || (btfValueTypeId ?? 0) === 0) return map
    map.destroy()
    throw mapWithBtf(request)
  }

  /** What is bound to a device may run nowhere else. @see bpf_prog_map_compatible in kernel/bpf/core.c */
  #arrayMember(fd: number): number {
    const found = this.#programsByFd.get(fd)
    if (found === undefined) return -ERRNO.EBADF
    return found.bound === undefined ? found.id : -ERRNO.EINVAL
  }

  /** Where it is described what objects the values of a map hold; undefined where they hold none. */
  #heldBy({ btf, valueSizeBytes }: MapRequest, fields: readonly MapField[] = []): number | undefined {
    return btf === undefined ? undefined : this.#objects.valueAddress(btf, valueSizeBytes, fields)
  }

  #createStorage(request: MapRequest, offloaded: OffloadedMap | undefined): ReturnType<typeof createMap> {
    try {
      const storage = createMap(this.memory, request, {
        id: this.#nextMapId,
        cpus: this.cpus.length,
        references: this.#references(this.#nextMapId),
        mayBeHollow: this.#hollowMaps,
      })
      this.#nextMapId++
      return storage
    } catch (error) {
      offloaded?.destroy()
      if (!(error instanceof MapError)) throw error
      throw new KernelError(error.errno, {
        code: 'KERNEL_MAP_CREATE',
        message: `${mapTypeName(request.type)} map ${request.name} is refused: ${error.message} (${errnoName(error.errno)})`,
        where: { map: request.name },
        ...(error.got === undefined ? {} : { got: error.got }),
        ...(error.expected === undefined ? {} : { expected: error.expected }),
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      })
    }
  }

  /** What maps of targets take (programs, devices, sockets) is checked and stored as ids, or as addresses. */
  #references(mapId: number): MapReferences {
    const attachable = (fd: number, attachType: number): number => {
      const image = this.#programsByFd.get(fd)?.image
      const fits = image?.type === PROG_TYPE.XDP && image.expectedAttachType === attachType
      return fits && this.#mapOwners.admits(mapId, image) ? image.id : -ERRNO.EINVAL
    }
    return {
      program: (fd) => this.#arrayMember(fd),
      devmapProgram: (fd) => attachable(fd, ATTACH_TYPE.XDP_DEVMAP),
      cpumapProgram: (fd) => attachable(fd, ATTACH_TYPE.XDP_CPUMAP),
      device: (ifindex) => this.#devices.has(ifindex),
      socket: (fd) => this.#sockets.get(fd) ?? this.#noSocket(fd),
    }
  }

  /** Only AF_XDP sockets go into an xskmap; the fds of this kernel are none. */
  #noSocket(fd: number): number {
    return this.#mapsByFd.has(fd) || this.#programsByFd.has(fd) ? -ERRNO.ENOTSOCK : -ERRNO.EBADF
  }

  /** Makes an AF_XDP socket known. @param address guest address of its block @returns its fd */
  addXdpSocket(address: number): number {
    const fd = this.#nextFd++
    this.#sockets.set(fd, address)
    return fd
  }
}
