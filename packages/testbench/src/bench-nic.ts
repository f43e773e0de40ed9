import {
  type AttachProgram,
  assertAccounted,
  attachNic,
  type DrainedFrame,
  ethtoolStats,
  type Fates,
  type Nic,
  type NicHandle,
  NicWire,
  profileDriver,
  type RateQuestion,
  type WireTrace,
  XDP_FLAGS,
  XDP_MODE_FLAG,
  XDP_MODES,
  XdpAttachments,
  type XdpMode,
} from '@bpfoundry/device'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { KernelProgram } from '@bpfoundry/kernel'
import type { BenchProgram } from './bench-objects.ts'
import type { CardPort } from './card-port.ts'
import type { PlayTask } from './cpu-loop.ts'
import type { CpuTeam } from './cpu-team.ts'
import { type CardDrain, drain, feed } from './feeder.ts'
import { modelledRate } from './modelled.ts'
import type { OffloadCard } from './offload-card.ts'
import type { PollPrograms } from './poll-programs.ts'
import type { RunReport } from './run-report.ts'
import { dealOut, playTrace } from './trace-feeder.ts'
import type { Traffic } from './traffic.ts'

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
}

/** A modelled card on the bench: programs are attached to it, traffic arrives at it. */
export class BenchNic {
  readonly nic: Nic
  readonly wire: NicWire
  /** Who is attached, by the rules of the real stack. */
  readonly attachments: XdpAttachments
  /** What a worker needs of this card. */
  readonly port: CardPort
  readonly #host: NicHost
  readonly #card: OffloadCard | undefined

  constructor(host: NicHost, memory: GuestMemory, port: CardPort, card: OffloadCard | undefined) {
    this.#host = host
    this.port = port
    const nic = attachNic(memory, port.handle)
    this.nic = nic
    this.wire = new NicWire(memory, port.handle)
    this.#card = card
    this.attachments = new XdpAttachments({
      name: nic.name,
      ifindex: nic.ifindex,
      ...(card === undefined ? {} : { card: card.card }),
      driver: card === undefined ? profileDriver(port.handle.profile) : card.nfp.driver(port.handle.profile),
      get mtu() {
        return nic.mtu
      },
      set mtu(bytes) {
        nic.mtu = bytes
      },
      setProgram: (mode, id) => void nic.setProgram(mode, id),
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
    const chosen = program.forMode(mode, this.#card)
    // Known to every CPU before it is in the hook: no poll may find a program that it can't run.
    await this.#host.team?.install(chosen.translation)
    const poll = this.#host.polls.of(chosen.image)
    if (poll !== undefined) await this.#host.team?.install(poll)
    const flags = XDP_MODE_FLAG[mode] | (options.ifNoExist ? XDP_FLAGS.UPDATE_IF_NOEXIST : 0)
    this.attachments.attach(this.#attachable(chosen), { flags })
    if (this.#host.team !== undefined) await this.nic.synchronize()
  }

  /** Detaches the program of a mode; packets then go on as without one. */
  async detachXdp(mode: XdpMode): Promise<void> {
    this.attachments.detach({ flags: XDP_MODE_FLAG[mode] })
    if (this.#host.team !== undefined) await this.nic.synchronize()
  }

  #attachable(program: KernelProgram): AttachProgram {
    const { id, name, tag, type, expectedAttachType } = program.image
    const bound = program.boundDevice
    const binding = bound === undefined ? {} : { bound: this.#binding(bound.ifindex) }
    return { id, name, tag, type, expectedAttachType, ...binding }
  }

  #binding(ifindex: number): NonNullable<AttachProgram['bound']> {
    return { ifindex, offloaded: true, ...(this.#card === undefined ? {} : { card: this.#card.card }) }
  }

  /**
   * Lets traffic arrive at this card until it ends, and accounts for every packet.
   *
   * @throws DeviceError DEVICE_UNACCOUNTED when a packet has no fate or two: a defect, never hidden
   */
  async receive(traffic: Traffic, options: ReceiveOptions = {}): Promise<RunReport> {
    const before = this.#snapshot()
    const trace = options.burst === undefined ? dealOut(this.nic.memory, this.wire, traffic) : undefined
    const drains = this.#drains(options)
    let started = performance.now()
    let seconds = 0
    let faults: readonly string[] = []
    try {
      const team = this.#host.startTeam(trace === undefined ? undefined : { nic: this.handle, trace: trace.handle })
      try {
        await team.ready()
        started = performance.now()
        await this.#arrive(team, traffic, trace, drains, options)
      } finally {
        faults = await this.#finish(team, drains)
        seconds = (performance.now() - started) / 1000
      }
    } finally {
      trace?.close()
    }
    assertAccounted(this.nic.fates())
    return this.#report(traffic, before, seconds, faults, options.signal?.aborted ?? false)
  }

  /** The CPUs play what was dealt out to them; anything else is fed to them packet by packet. */
  async #arrive(
    team: CpuTeam,
    traffic: Traffic,
    trace: WireTrace | undefined,
    drains: readonly CardDrain[],
    { burst, signal, onProgress }: ReceiveOptions,
  ): Promise<void> {
    const common = {
      drains,
      ...(signal === undefined ? {} : { signal }),
      onProgress: (delivered: number) => onProgress?.(delivered, traffic.count),
    }
    if (trace !== undefined) return playTrace(trace, team, common)
    await feed(this.wire, team, {
      ...common,
      traffic,
      idle: () => this.#idle(),
      ...(burst === undefined ? {} : { burst }),
    })
  }

  /** Ends the run: rings are emptied while the CPUs finish, or they could not. */
  async #finish(team: CpuTeam, drains: readonly CardDrain[]): Promise<readonly string[]> {
    let finished = false
    const ending = team.finish().finally(() => {
      finished = true
    })
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
    }))
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

  #report(
    traffic: Traffic,
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
      traffic: traffic.name,
      bytesIn: after.bytes - before.bytes,
      fates,
      cpus: after.cpus.map((cpuFates, cpu) => ({ cpu, fates: difference(cpuFates, before.cpus[cpu] as Fates) })),
      insns: stages.reduce((sum, stage) => sum + stage.insns, 0),
      helperCalls: stages.reduce((sum, stage) => sum + stage.helperCalls, 0),
      wall: { seconds, packetsPerSecond: seconds > 0 ? fates.in / seconds : 0 },
      modelled: mode === undefined ? undefined : modelledRate(this.nic, mode, stages[XDP_MODES.indexOf(mode)] as Stage),
      counters: difference(after.counters, before.counters),
      interrupted,
      warnings: faults,
    }
  }
}

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
