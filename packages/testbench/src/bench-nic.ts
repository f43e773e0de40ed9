import {
  type AttachDriver,
  type AttachProgram,
  assertAccounted,
  attachNic,
  createXskSocket,
  type DrainedFrame,
  dropReasons,
  ethtoolStats,
  type Fates,
  type ModelledRate,
  type Nic,
  type NicHandle,
  NicWire,
  nativeWarning,
  type ProgramBinding,
  profileDriver,
  type RateQuestion,
  type TracePlay,
  TrafficControl,
  type WireTrace,
  XDP_FLAGS,
  XDP_MODE_FLAG,
  XDP_MODES,
  XdpAttachments,
  type XdpEvent,
  type XdpMode,
} from '@bpfoundry/device'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { Kernel, KernelProgram } from '@bpfoundry/kernel'
import type { NfpFirmware } from '@bpfoundry/nfp'
import type { BenchProgram } from './bench-objects.ts'
import { BenchSocket, type SocketOptions } from './bench-socket.ts'
import type { CardPort } from './card-port.ts'
import { estimateWork } from './costs/estimate-work.ts'
import { FrameSample, sampledPaths } from './costs/sampled-paths.ts'
import type { PlayTask } from './cpu-loop.ts'
import type { CpuTeam } from './cpu-team.ts'
import { type CardDrain, drain, type FeedOptions, feed } from './feeder.ts'
import { modelledRate } from './modelled.ts'
import { filterDriver, NicCard, type NicCardPlace } from './nic-card.ts'
import type { OffloadCard } from './offload-card.ts'
import { type MemoryIds, PagePools } from './page-pools.ts'
import type { PollPrograms } from './poll-programs.ts'
import type { RunReport } from './run-report.ts'
import { TestbenchError } from './testbench-error.ts'
import { type DealtTraffic, dealOut, playTrace } from './trace-feeder.ts'
import type { Traffic } from './traffic.ts'
import type { XdpTrace } from './xdp-trace.ts'

/** Options of {@link BenchNic.attachXdp}. */
export interface AttachOptions {
  readonly mode: XdpMode
  /** Refuse when there is a program already (XDP_FLAGS_UPDATE_IF_NOEXIST); replace it when false, as by default. */
  readonly ifNoExist?: boolean
}

/** Options of {@link BenchNic.receive}. */
export interface ReceiveOptions {
  /** Packets that arrive at once, without a poll between them; what does not fit the rings is lost. Lossless when absent. */
  readonly burst?: number
  /** Stops the traffic; the report is of what was delivered. */
  readonly signal?: AbortSignal
  /** Called now and then. */
  readonly onProgress?: (delivered: number, total: number | undefined) => void
  /** Takes each packet that this card passed up the stack; the frame is valid during the call only. */
  readonly onPass?: (frame: DrainedFrame) => void
  /** Takes each packet that any card sent. */
  readonly onTransmit?: (frame: DrainedFrame, nic: BenchNic) => void
}

/** What a card needs of the testbench it stands in. */
export interface NicHost {
  readonly engine: string
  readonly threads: boolean
  readonly nics: readonly BenchNic[]
  /** Programs with the receive loop around them, for engines that compile. */
  readonly polls: PollPrograms
  /** The CPUs for one run. */
  startTeam(play?: PlayTask): CpuTeam
  /** The team of the run under way, if any: it must learn of programs that are attached meanwhile. */
  readonly team: CpuTeam | undefined
  /** Takes AF_XDP sockets, knows programs. */
  readonly kernel: Kernel
  /** Where tracepoints go, while they are on. */
  readonly xdpTrace: XdpTrace | undefined
  /** Ids of the machine's memory allocators. */
  readonly memoryIds: MemoryIds
}

/** A modelled card on the bench: programs are attached to it, traffic arrives at it. */
export class BenchNic {
  readonly nic: Nic
  readonly wire: NicWire
  /** AF_XDP sockets that are bound to its queues. */
  readonly sockets: BenchSocket[] = []
  /** Who is attached, by the rules of the real stack. */
  readonly attachments: XdpAttachments
  /** What a worker needs of this card. */
  readonly port: CardPort
  /** Qdiscs and classifiers; on a card they can be offloaded, and run on no packet here. */
  readonly tc: TrafficControl
  readonly #host: NicHost
  readonly #pools: PagePools
  #card: NicCard | undefined
  /** First frames of the latest traffic, where a program on the card gets them. */
  #sample: readonly Uint8Array[] = []

  /** @param shares another port of the card */
  constructor(host: NicHost, memory: GuestMemory, port: CardPort, card: OffloadCard | undefined, shares?: BenchNic) {
    this.#host = host
    this.port = port
    const nic = attachNic(memory, port.handle)
    this.nic = nic
    this.wire = new NicWire(memory, port.handle)
    this.#pools = new PagePools(port.handle, host.memoryIds)
    const { profile } = port.handle
    const place: NicCardPlace = { kernel: host.kernel, nic, profile, hwTcOffload: () => this.tc.hwTcOffload }
    this.#card = card === undefined ? undefined : new NicCard(place, card, shares?.card?.driver)
    const driver = (): AttachDriver => this.#card?.nfpPort ?? profileDriver(profile, port.facts)
    const cardName = (): string | undefined => this.#card?.name
    this.attachments = new XdpAttachments({
      name: nic.name,
      ifindex: nic.ifindex,
      get card() {
        return cardName()
      },
      get driver() {
        return driver()
      },
      get mtu() {
        return nic.mtu
      },
      set mtu(bytes) {
        nic.mtu = bytes
      },
      setProgram: (mode, id) => this.#setProgram(mode, id),
    })
    this.tc = new TrafficControl({
      ...{ name: nic.name, ifindex: nic.ifindex },
      driver: filterDriver(() => this.#card),
      accepts: (bound) => bound.ifindex === nic.ifindex || (bound.offloaded && bound.card === cardName()),
    })
  }

  get name(): string {
    return this.nic.name
  }

  get ifindex(): number {
    return this.nic.ifindex
  }

  get handle(): NicHandle {
    return this.port.handle
  }

  /** Fates of everything that ever arrived here. */
  get fates(): Fates {
    return this.nic.fates()
  }

  /** Names and tags of what is attached in a mode, if anything. */
  attached(mode: XdpMode): AttachProgram | undefined {
    return this.attachments.program(mode)
  }

  /**
   * Attaches a program, also under traffic: every packet sees the old program or the new one, none sees neither. For
   * offload the program is loaded once more, bound to this card.
   *
   * @throws AttachError with errno and the message that the real stack gives
   * @throws ProgramRejected when the card's driver refuses the program
   */
  async attachXdp(program: BenchProgram, options: AttachOptions): Promise<void> {
    const { mode } = options
    const chosen = program.forMode(mode, this.#card?.port)
    // Known to every CPU before it is in the hook: no poll may find a program that it can't run.
    await this.#host.team?.install(chosen.translation)
    const poll = this.#host.polls.of(chosen)
    if (poll !== undefined) await this.#host.team?.install(poll)
    const flags = XDP_MODE_FLAG[mode] | (options.ifNoExist ? XDP_FLAGS.UPDATE_IF_NOEXIST : 0)
    this.attachments.attach(this.attachable(chosen), { flags })
    if (this.#host.team !== undefined) await this.nic.synchronize()
  }

  #setProgram(mode: XdpMode, id: number): void {
    const before = this.nic.setProgram(mode, id)
    if (mode === 'native' && (before === 0) !== (id === 0)) this.#pools.switched(id !== 0, this.#host.xdpTrace)
  }

  /**
   * Opens an AF_XDP socket on a queue, in copy mode: `xskmap.set(queue, socket.fd)` lets packets be redirected to it.
   *
   * @throws DeviceError DEVICE_XSK, DEVICE_QUEUE_UNKNOWN
   */
  openXsk(options: SocketOptions = {}): BenchSocket {
    const { memory } = this.nic
    const address = createXskSocket(memory, { ...options, nic: this.handle })
    const socket = new BenchSocket(memory, address, this.#host.kernel.addXdpSocket(address), options)
    this.sockets.push(socket)
    return socket
  }

  /** The tracepoints of this card, as far as they name it; `traceXdp` of the bench switches them on. */
  trace(): readonly XdpEvent[] {
    const own = new Set([this.ifindex])
    return (this.#host.xdpTrace?.events ?? []).filter(({ fields }) =>
      [fields['ifindex'], fields['from_ifindex'], fields['to_ifindex']].some((ifindex) => own.has(ifindex ?? 0)),
    )
  }

  /** Detaches the program of a mode; packets then go on as without one. */
  async detachXdp(mode: XdpMode): Promise<void> {
    this.attachments.detach({ flags: XDP_MODE_FLAG[mode] })
    if (this.#host.team !== undefined) await this.nic.synchronize()
  }

  /**
   * The card starts again with another firmware: its program is gone, and its maps are the host's again.
   *
   * @throws TestbenchError TESTBENCH_PROFILE for a card that runs no programs
   */
  async loadFirmware(firmware: NfpFirmware): Promise<void> {
    const model = this.handle.profile.offload
    if (model === undefined) {
      throw new TestbenchError({
        code: 'TESTBENCH_PROFILE',
        message: `${this.name} has no firmware that runs programs`,
        got: this.handle.profile.name,
      })
    }
    await this.detachXdp('offload')
    this.tc.uninstall()
    this.#card = this.#card?.replaced(this.#card.port.withFirmware(firmware))
  }

  /** The card behind it, if it runs programs itself. */
  get card(): NicCard | undefined {
    return this.#card
  }

  /** What the kernel log says of a driver that gets fewer queues for XDP than it wants. */
  get nativeWarning(): string | undefined {
    const { handle, facts } = this.port
    return facts === undefined ? undefined : nativeWarning(handle.profile, facts)
  }

  /** A program as attach rules and filters take it: what attaches it holds it. */
  attachable(program: KernelProgram): AttachProgram {
    const { id, name, tag, type, expectedAttachType } = program.image
    const frags = program.image.hasFrags === true ? { hasFrags: true } : {}
    const binding = (): ProgramBinding | undefined => this.#binding(program)
    return {
      ...{ id, name, tag, type, expectedAttachType },
      ...frags,
      jited: program.offloaded || this.#host.engine !== 'interpreter',
      hold: () => program.hold(),
      drop: () => program.drop(),
      get bound() {
        return binding()
      },
    }
  }

  #binding({ bound, boundDevice }: KernelProgram): ProgramBinding | undefined {
    if (boundDevice !== undefined) return this.#bindingTo(boundDevice.ifindex, true)
    return bound === undefined ? undefined : this.#bindingTo(bound.netdev?.ifindex ?? 0, bound.offloaded)
  }

  #bindingTo(ifindex: number, offloaded: boolean): ProgramBinding {
    const card = this.#host.kernel.offload.asicOf(ifindex)?.name
    return { ifindex, offloaded, ...(card === undefined ? {} : { card }) }
  }

  /**
   * Lets traffic arrive at this card until it ends, and accounts for every packet. Traffic with an end is dealt out to
   * the CPUs beforehand, which play it themselves; its making is then not in the report's wall time.
   *
   * @throws DeviceError DEVICE_UNACCOUNTED when a packet has no fate or two: a defect, never hidden
   */
  async receive(traffic: Traffic, options: ReceiveOptions = {}): Promise<RunReport> {
    const looked = this.#looked(traffic)
    const trace = options.burst === undefined ? dealOut(this.nic.memory, this.wire, looked) : undefined
    if (trace === undefined) return this.#feed(looked, options)
    try {
      return await this.#play(traffic.name, trace, traffic.count ?? 0, options)
    } finally {
      trace.close()
    }
  }

  /**
   * Deals traffic out to the CPUs, to be played by {@link replay} as often as you like. Close it before the bench.
   *
   * @param mostBytes guest memory that it may take
   * @throws TestbenchError TESTBENCH_TRAFFIC for traffic without an end, or with too many frames
   */
  deal(traffic: Traffic, mostBytes?: number): DealtTraffic {
    const trace = dealOut(this.nic.memory, this.wire, this.#looked(traffic), mostBytes)
    if (trace !== undefined) return { name: traffic.name, trace, close: () => trace.close() }
    throw new TestbenchError({
      code: 'TESTBENCH_TRAFFIC',
      message: `${traffic.name} can't be dealt out beforehand`,
      got: traffic.round === undefined ? 'no end' : `${traffic.round.frames} frames`,
      hint: 'give it a count, or let `receive` feed it packet by packet',
    })
  }

  /** What a program on the card gets is sampled: its words are executed for the report. */
  #looked(traffic: Traffic): Traffic {
    if (this.attached('offload') === undefined) return traffic
    const sample = new FrameSample()
    this.#sample = sample.frames
    return sample.of(traffic)
  }

  /** As {@link receive}, of traffic that was dealt out before: `packets` packets, its frames coming again as needed. */
  async replay(
    { name, trace }: DealtTraffic,
    packets: number,
    options: Omit<ReceiveOptions, 'burst'> = {},
  ): Promise<RunReport> {
    return this.#play(name, trace, packets, options)
  }

  /** The CPUs play what was dealt out to them. */
  #play(name: string, trace: WireTrace, packets: number, options: ReceiveOptions): Promise<RunReport> {
    const play = trace.play(packets)
    return this.#run({ name, count: packets, play }, options, (team, arrival) => playTrace(play, team, arrival))
  }

  /** This thread feeds the CPUs packet by packet. */
  #feed(traffic: Traffic, options: ReceiveOptions): Promise<RunReport> {
    const { burst } = options
    const idle = (): boolean => this.#idle()
    return this.#run(traffic, options, async (team, arrival) => {
      await feed(this.wire, team, { ...arrival, traffic, idle, ...(burst === undefined ? {} : { burst }) })
    })
  }

  async #run(
    traffic: Pick<Traffic, 'name' | 'count'> & { readonly play?: TracePlay },
    { signal, onProgress, ...options }: ReceiveOptions,
    arrive: (team: CpuTeam, arrival: Arrival) => Promise<void>,
  ): Promise<RunReport> {
    const before = this.#snapshot()
    const { name, count, play } = traffic
    const drains = this.#drains(options)
    const team = this.#host.startTeam(play === undefined ? undefined : { nic: this.handle, trace: play.handle })
    let started = performance.now()
    let faults: readonly string[] = []
    try {
      await team.ready()
      started = performance.now()
      await arrive(team, {
        drains,
        ...(signal === undefined ? {} : { signal }),
        onProgress: (delivered) => onProgress?.(delivered, count),
      })
    } finally {
      faults = await this.#finish(team, drains)
      play?.finish()
    }
    const seconds = (performance.now() - started) / 1000
    assertAccounted(this.nic.fates())
    return this.#report(name, before, seconds, faults, signal?.aborted ?? false)
  }

  /** Ends the run: rings are emptied while the CPUs finish, or they could not. */
  async #finish(team: CpuTeam, drains: readonly CardDrain[]): Promise<readonly string[]> {
    let finished = false
    const ending = team.finish()
    const settled = (): void => {
      finished = true
    }
    // Both ways: a failure is kept for the caller, and is not an unhandled one meanwhile.
    ending.then(settled, settled)
    while (!finished) {
      drain(drains)
      await new Promise((resolve) => setImmediate(resolve))
    }
    drain(drains)
    return ending
  }

  #drains(options: ReceiveOptions): readonly CardDrain[] {
    const ignore = (): void => {}
    return this.#host.nics.map((nic) => ({
      wire: nic.wire,
      onPass: nic === this && options.onPass !== undefined ? options.onPass : ignore,
      onTransmit: options.onTransmit === undefined ? ignore : (frame: DrainedFrame) => options.onTransmit?.(frame, nic),
      serve: () => nic.#serve(),
    }))
  }

  /** Applications of its sockets, and whoever reads the trace. */
  #serve(): number {
    this.#host.xdpTrace?.collect()
    let served = 0
    for (const socket of this.sockets) served += socket.serve()
    return served
  }

  #idle(): boolean {
    const { queues, cpus } = this.handle
    const period = this.nic.beginGracePeriod()
    return (
      queues.every(({ index }) => this.wire.waiting(index) === 0) && cpus.every((_, n) => ((period[n] ?? 0) & 1) === 0)
    )
  }

  #snapshot(): Snapshot {
    return {
      fates: this.nic.fates(),
      cpus: this.handle.cpus.map(({ cpu }) => this.nic.cpuFates(cpu)),
      stages: XDP_MODES.map((mode) => this.nic.stageCounters(mode)),
      bytes: this.nic.macCounters().bytes,
      counters: Object.fromEntries(ethtoolStats(this.nic).map(({ name, value }) => [name, value])),
    }
  }

  /** How fast the hardware would be, with what is known of the attached program's code. */
  #modelled(mode: XdpMode, stage: Stage): ModelledRate {
    const program = this.#host.kernel.programById(this.attached(mode)?.id ?? 0)
    const work = program === undefined || mode === 'offload' ? undefined : estimateWork(program, stage)
    const device = this.#card?.port.nfp
    const paths =
      mode !== 'offload' || device === undefined || program === undefined
        ? []
        : sampledPaths(device, program, this.nic.memory, this.#sample)
    return modelledRate(this.nic, mode, stage, { paths, ...(work === undefined ? {} : { work }) })
  }

  #report(
    traffic: string,
    before: Snapshot,
    seconds: number,
    faults: readonly string[],
    interrupted: boolean,
  ): RunReport {
    const after = this.#snapshot()
    const fates = difference(after.fates, before.fates)
    const stages = after.stages.map((stage, n) => difference(stage, before.stages[n] as Stage))
    // Where several modes are attached, the one nearest to the wire names the run.
    const mode = [...XDP_MODES].reverse().find((one) => this.attached(one) !== undefined)
    return {
      $schema: 'bpfoundry.run/1',
      nic: this.name,
      profile: this.handle.profile.name,
      mode,
      program: mode === undefined ? undefined : this.attached(mode)?.name,
      engine: this.#host.engine,
      threads: this.#host.threads,
      traffic,
      bytesIn: after.bytes - before.bytes,
      fates,
      drops: dropReasons(fates, mode ?? 'generic'),
      cpus: after.cpus.map((cpuFates, cpu) => ({ cpu, fates: difference(cpuFates, before.cpus[cpu] as Fates) })),
      insns: stages.reduce((sum, stage) => sum + stage.insns, 0),
      helperCalls: stages.reduce((sum, stage) => sum + stage.helperCalls, 0),
      wall: { seconds, packetsPerSecond: seconds > 0 ? fates.in / seconds : 0 },
      modelled: mode === undefined ? undefined : this.#modelled(mode, stages[XDP_MODES.indexOf(mode)] as Stage),
      counters: difference(after.counters, before.counters),
      interrupted,
      warnings: faults,
    }
  }
}

/** What every way for packets to arrive is told. */
type Arrival = Pick<FeedOptions, 'drains' | 'signal' | 'onProgress'>

type Stage = RateQuestion['stage']

interface Snapshot {
  readonly fates: Fates
  readonly cpus: readonly Fates[]
  readonly stages: readonly Stage[]
  readonly bytes: number
  readonly counters: Readonly<Record<string, number>>
}

function difference<Counts extends Readonly<Record<string, number>>>(after: Counts, before: Counts): Counts {
  return Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)])) as Counts
}
