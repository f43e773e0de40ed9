import {
  createNic,
  type InterfaceFacts,
  NIC_PROFILES,
  type NicHandle,
  type Sink,
  type VethPeer,
} from '@bpfoundry/device'
import { nearestNames } from '@bpfoundry/diagnostics'
import { Kernel } from '@bpfoundry/kernel'
import { type CollectionSpec, type CollectionSpecOptions, loadCollectionSpec } from '@bpfoundry/loader'
import { createNfpCores, type NfpFirmware } from '@bpfoundry/nfp'
import { BenchNic, type NicHost } from './bench-nic.ts'
import { type BenchObjects, createObjects, type ObjectOptions } from './bench-objects.ts'
import type { PlayTask } from './cpu-loop.ts'
import { type CpuTeam, type TeamTask, ThreadTeam, TurnTeam } from './cpu-team.ts'
import { DEFAULT_ENGINE, engineByName } from './engines.ts'
import { readInput } from './file-access.ts'
import { askForHugePages } from './huge-pages.ts'
import { OffloadCard } from './offload-card.ts'
import { MemoryIds } from './page-pools.ts'
import { PollPrograms } from './poll-programs.ts'
import { TestbenchError } from './testbench-error.ts'
import { WorkerControl } from './worker-control.ts'
import { XdpTrace, type XdpTraceOptions } from './xdp-trace.ts'

/** Options of {@link Testbench.create}; without any, every run repeats exactly. */
export interface TestbenchOptions {
  /** Emulated CPUs, 1 by default. */
  readonly cpus?: number
  /** A worker thread a CPU; by default all CPUs run in this thread in turn, which repeats exactly on every host. */
  readonly threads?: boolean
  /** "wasm" by default; "interpreter", "x86-64", "arm64", or "auto": machine code where it can be. */
  readonly engine?: string
  /** Seed of bpf_get_prandom_u32; 1 by default. */
  readonly seed?: number
  /** Takes what programs print with bpf_printk, a line a call. */
  readonly trace?: (line: string) => void
}

/** Options of {@link Testbench.addNic}. */
export interface BenchNicOptions {
  /** Card or driver: "ixgbe", "agilio-cx-2x10" ... */
  readonly profile: string
  /** Receive queues, as many as CPUs by default. */
  readonly queues?: number
  /** Receive descriptors a queue, a power of two. */
  readonly ringSize?: number
  /** Transmit descriptors a CPU, a power of two. Enough for every frame by default. */
  readonly txRingSize?: number
  readonly mtu?: number
  /** The interface's address; 02:00:00:00:00 and the ifindex by default. */
  readonly mac?: Uint8Array
  /** virtio_net: queue pairs that the host gives; XDP takes those beyond `queues`, or shares what there is. */
  readonly queuePairs?: number
  /** veth: the other end, null where it is gone; like this end by default. */
  readonly peer?: VethPeer | null
  /** virtio_net: the host does GRO_HW or checksums, and can't be told not to. */
  readonly guestOffloads?: boolean
  /** virtio_net: mergeable buffers, and the header must lie apart. */
  readonly separateHeader?: boolean
  /** Of a card that runs programs itself: another firmware than the card's own. */
  readonly firmware?: NfpFirmware
  /** The interface is one more port of this one's card: programs and maps on it are shared. */
  readonly cardOf?: BenchNic
  /** "capture" (default) hands passed packets to `receive`'s callbacks; "discard" counts them only, which is faster. */
  readonly stackSink?: Sink
  /** Likewise for sent packets. */
  readonly txSink?: Sink
}

/** The CPUs of a bench, polled one queue at a time by who keeps the modelled clock; see {@link Testbench.stepCpus}. */
export interface SteppedCpus {
  /** Handles up to `budget` packets of a queue. @param cpu the one whose queue it is @returns packets handled */
  poll(cpu: number, nic: BenchNic, queue: number, budget: number): number
  /** Handles what is left and ends the run. @returns faults, a line each */
  finish(): Promise<readonly string[]>
}

/** First ifindex of a bench's own cards; 1 is lo. */
const FIRST_IFINDEX = 2

/** The front door: a kernel, cards, CPUs and traffic in one place. */
export class Testbench implements NicHost {
  readonly kernel: Kernel
  readonly engine: string
  readonly threads: boolean
  readonly nics: BenchNic[] = []
  readonly memoryIds: MemoryIds = new MemoryIds()
  readonly polls: PollPrograms
  readonly #trace: (line: string) => void
  readonly #objects: BenchObjects[] = []
  #control: WorkerControl | undefined
  #xdpTrace: XdpTrace | undefined
  #team: CpuTeam | undefined

  private constructor(kernel: Kernel, options: TestbenchOptions) {
    this.kernel = kernel
    this.polls = new PollPrograms(kernel)
    this.engine = options.engine ?? DEFAULT_ENGINE
    this.threads = options.threads ?? false
    this.#trace = options.trace ?? (() => {})
  }

  /** @throws KernelError KERNEL_CPUS; TestbenchError TESTBENCH_ENGINE */
  static async create(options: TestbenchOptions = {}): Promise<Testbench> {
    const kernel = Kernel.create({
      engine: engineByName(options.engine ?? DEFAULT_ENGINE),
      ...(options.cpus === undefined ? {} : { cpus: options.cpus }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.trace === undefined ? {} : { trace: options.trace }),
    })
    return new Testbench(kernel, options)
  }

  /**
   * Puts a card on the bench; its ifindex is 2 for the first, 3 for the next, and so on.
   *
   * @throws TestbenchError TESTBENCH_PROFILE for an unknown profile; DeviceError for sizes out of range
   */
  addNic(name: string, options: BenchNicOptions): BenchNic {
    if (!NIC_PROFILES.has(options.profile)) throw noSuchProfile(options.profile)
    const ifindex = FIRST_IFINDEX + this.nics.length
    const handle = createNic(this.kernel.memory, { ...options, name, ifindex, cpus: this.kernel.cpus.length })
    const takesPrograms = handle.profile.native !== undefined
    this.kernel.addNetDevice({ ifindex, name, rxQueues: handle.queues.length, takesPrograms })
    const card = this.#cardFor(handle, options)
    const cores = card === undefined ? {} : { cores: createNfpCores(this.kernel.memory, name, card.nfp.card) }
    const facts = interfaceFacts(options, handle.queues.length, this.kernel.cpus.length)
    const nic = new BenchNic(this, this.kernel.memory, { handle, facts, ...cores }, card, options.cardOf)
    this.nics.push(nic)
    return nic
  }

  #cardFor({ name, ifindex, profile }: NicHandle, { firmware, cardOf }: BenchNicOptions): OffloadCard | undefined {
    const { engine } = this.kernel
    if (profile.offload === undefined) return undefined
    const shared = cardOf?.card?.port.nfp
    if (cardOf === undefined) return new OffloadCard(profile.offload, ifindex, name, firmware, engine)
    if (shared?.card.name === profile.offload) return new OffloadCard(shared, ifindex, name, undefined, engine)
    throw new TestbenchError({
      code: 'TESTBENCH_PROFILE',
      message: `${name} can't be a port of ${cardOf.name}'s card`,
      got: profile.name,
      expected: shared?.card.name ?? 'a card that runs programs itself',
    })
  }

  /**
   * Loads an object file: maps are created, programs verified.
   *
   * @param source path, the file's bytes, or a spec that was edited
   * @throws TestbenchError TESTBENCH_NO_SUCH_FILE; ElfError, BtfError, LoaderError; KernelError; ProgramRejected
   */
  async load(source: string | Uint8Array | CollectionSpec, options: ObjectOptions = {}): Promise<BenchObjects> {
    const objects = createObjects(this.kernel, readSpec(source), objectName(source), options)
    this.#objects.push(objects)
    for (const { kernelMap } of Object.values(objects.maps)) {
      const { address, memoryBytes } = kernelMap.storage
      askForHugePages(this.kernel.memory, address, memoryBytes)
    }
    // Under traffic: entries of maps may name the new programs at once.
    for (const { kernelProgram } of Object.values(objects.programs)) {
      await this.#team?.install(kernelProgram.translation)
    }
    return objects
  }

  /**
   * Switches the tracepoints of XDP on (xdp_exception, xdp_redirect, xdp_devmap_xmit ...): from the next run on. Costs nothing
   * before.
   */
  traceXdp(options: XdpTraceOptions = {}): XdpTrace {
    this.#xdpTrace = new XdpTrace(this.kernel.memory, this.kernel.cpus.length, options)
    return this.#xdpTrace
  }

  /** Where tracepoints go, while they are on. */
  get xdpTrace(): XdpTrace | undefined {
    return this.#xdpTrace
  }

  /** The CPUs of the run under way, if any. */
  get team(): CpuTeam | undefined {
    return this.#team
  }

  /** For {@link BenchNic.receive}. @throws TestbenchError TESTBENCH_BUSY while another run is under way */
  startTeam(play?: PlayTask): CpuTeam {
    const task = this.#task(play)
    const team = this.threads ? new ThreadTeam(task, this.#controlWords()) : new TurnTeam(task)
    this.#team = team
    return {
      ready: () => team.ready(),
      step: () => team.step(),
      wait: () => team.wait(),
      rest: (idle) => team.rest(idle),
      hold: () => team.hold(),
      release: () => team.release(),
      halt: () => team.halt(),
      install: (translation) => team.install(translation),
      finish: () => this.#finished(team),
    }
  }

  /**
   * The CPUs in this thread under the caller's clock: nothing is polled but what is asked for.
   *
   * @throws TestbenchError TESTBENCH_BUSY while another run is under way
   */
  stepCpus(): SteppedCpus {
    const team = new TurnTeam(this.#task(undefined))
    this.#team = team
    return {
      poll: (cpu, nic, queue, budget) => team.poll(cpu, this.nics.indexOf(nic), queue, budget),
      finish: () => this.#finished(team),
    }
  }

  #task(play: PlayTask | undefined): TeamTask {
    if (this.#team !== undefined) {
      throw new TestbenchError({
        code: 'TESTBENCH_BUSY',
        message: 'a run is under way: one card receives at a time',
        hint: 'await the report of the run before',
      })
    }
    return {
      memory: this.kernel.memory,
      cpus: this.kernel.cpus,
      engine: this.engine,
      translations: [...this.kernel.programs.map(({ translation }) => translation), ...this.polls.translations()],
      ports: this.nics.map(({ port }) => port),
      ...(play === undefined ? {} : { play }),
      ...(this.#xdpTrace === undefined ? {} : { events: this.#xdpTrace.rings }),
      trace: (_cpu: number, text: string) => this.#trace(text),
    }
  }

  async #finished(team: CpuTeam): Promise<readonly string[]> {
    try {
      return await team.finish()
    } finally {
      this.#team = undefined
    }
  }

  /** Unloads all objects. Worker threads wait a little for the next bench, then end by themselves. */
  async close(): Promise<void> {
    this.polls.close()
    for (const objects of this.#objects.splice(0)) objects.close()
    this.kernel.runtime.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #controlWords(): WorkerControl {
    this.#control ??= WorkerControl.allocate(this.kernel.memory, this.kernel.cpus.length).control
    return this.#control
  }
}

/**
 * Reads an object file into an editable spec.
 *
 * @param options `kernelTypes`, where it needs some of a kernel's
 * @throws as {@link Testbench.load}
 */
export function readSpec(
  source: string | Uint8Array | CollectionSpec,
  options: Pick<CollectionSpecOptions, 'kernelTypes'> = {},
): CollectionSpec {
  if (typeof source === 'string') return loadCollectionSpec(readInput(source), { ...options, name: source })
  return source instanceof Uint8Array ? loadCollectionSpec(source, options) : source
}

function objectName(source: string | Uint8Array | CollectionSpec): string {
  return typeof source === 'string' ? source : 'object'
}

/** What a card's driver looks at when native XDP is switched on. */
function interfaceFacts(options: BenchNicOptions, rxQueues: number, cpus: number): InterfaceFacts {
  const { queuePairs, peer, guestOffloads = false, separateHeader = false } = options
  return {
    rxQueues,
    cpus,
    guestOffloads,
    separateHeader,
    ...(queuePairs === undefined ? {} : { queuePairs }),
    ...(peer === undefined ? {} : { peer }),
  }
}

function noSuchProfile(wanted: string): TestbenchError {
  const names = [...NIC_PROFILES.keys()]
  return new TestbenchError({
    code: 'TESTBENCH_PROFILE',
    message: `no such card or driver: ${wanted}`,
    got: wanted,
    expected: names.join(', '),
    hint: nearestNames(wanted, names),
  })
}
