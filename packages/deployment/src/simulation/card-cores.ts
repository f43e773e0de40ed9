import type { SteppedCpus } from '@bpfoundry/testbench'
import type { TimeSeries } from '../measure/time-axis.ts'
import type { StagedHost } from '../stage/host-stage.ts'
import { type HostCpu, hostNs } from './host-cpu.ts'
import type { Output, Poller, Port, PortQueue } from './port.ts'
import type { World } from './world.ts'

/** A packet in a ring of the card. */
interface Arrived {
  readonly port: Port
  readonly queue: PortQueue
  readonly frame: Uint8Array | undefined
}

/**
 * The cores of a card that runs programs itself, in modelled time, shared by its ports: a packet goes to the core that is
 * free first. What passes goes on to the host, what is sent leaves, the rest ends here. Without a program the host's
 * CPUs are woken instead.
 */
export class CardCores implements Poller {
  readonly card: string
  readonly busy: TimeSeries
  busyNs = 0
  packets = 0
  /** Cores that the cost model has; 0 before the first packet. */
  cores = 0
  /** Passed by the cores, but lost before the host: by port. */
  readonly lost: Map<Port, number> = new Map()
  readonly #world: World
  readonly #host: StagedHost
  readonly #cpus: SteppedCpus
  readonly #hostCpus: readonly HostCpu[]
  /** When each core is free. */
  #freeNs: number[] = [0]
  #admitNs = 0
  readonly #waiting: Arrived[] = []
  #active = false

  constructor(
    world: World,
    fields: {
      readonly card: string
      readonly host: StagedHost
      readonly cpus: SteppedCpus
      readonly hostCpus: readonly HostCpu[]
    },
  ) {
    this.#world = world
    this.card = fields.card
    this.#host = fields.host
    this.#cpus = fields.cpus
    this.#hostCpus = fields.hostCpus
    this.busy = world.measure.axis.series('sum')
  }

  wake(port: Port, queue: PortQueue, frame?: Uint8Array): void {
    if (!port.offloaded) {
      this.#hostCpus[queue.cpu]?.wake()
      return
    }
    this.#waiting.push({ port, queue, frame })
    this.#plan()
  }

  #plan(): void {
    if (this.#active || this.#waiting.length === 0) return
    this.#active = true
    this.#world.at(Math.max(this.#admitNs, Math.min(...this.#freeNs)), () => this.#next())
  }

  #next(): void {
    this.#active = false
    const next = this.#waiting.shift()
    if (next === undefined) return
    const { port, queue, frame } = next
    if (port.removed || !port.offloaded || port.waiting(queue) === 0) {
      // The program went away meanwhile: the host has to look at what is left.
      if (!port.removed && !port.offloaded) this.#hostCpus[queue.cpu]?.wake()
      this.#plan()
      return
    }
    this.#handle(port, queue, frame)
    this.#plan()
  }

  #handle(port: Port, queue: PortQueue, frame: Uint8Array | undefined): void {
    const { measure, costs, nowNs } = this.#world
    const { nic } = port.staged
    const { packets, outputs } = port.poll(this.#cpus, queue, 1)
    const stage = queue.meter.stage('offload')
    const program = this.#host.bench.kernel.programById(nic.nic.programId('offload'))
    const { cores, packetNs, intervalNs } = costs.cardTime({ nic, stage, program, frame })
    if (this.#freeNs.length !== cores) this.#resize(cores)
    const core = this.#freeNs.indexOf(Math.min(...this.#freeNs))
    const doneNs = nowNs + packetNs
    this.#freeNs[core] = doneNs
    this.#admitNs = nowNs + intervalNs
    this.busy.addSpan(nowNs, doneNs)
    this.busyNs += packetNs
    this.packets += packets
    if (stage.pass > 0) this.#toHost(port, queue, outputs, doneNs)
    else {
      for (const [fate, count] of queue.meter.fates) measure.fate(port.path, fate, count, nowNs)
      for (const output of outputs)
        if (output.port !== undefined) this.#world.at(doneNs, () => output.port?.send(output.flight))
    }
  }

  /** What the cores pass still has to go through the host, whatever it does with it. */
  #toHost(port: Port, queue: PortQueue, outputs: readonly Output[], doneNs: number): void {
    const { costs, measure } = this.#world
    const ns = hostNs(this.#world, this.#host, port, queue, { packets: 1 })
    const fates = new Map(queue.meter.fates)
    const lengthBytes = outputs[0]?.flight.lengthBytes ?? 0
    this.#world.at(doneNs + costs.transferNs(lengthBytes), () => {
      if (this.#hostCpus[queue.cpu]?.handOver({ port, queue, ns, outputs }) === true) {
        for (const [fate, count] of fates) measure.fate(port.path, fate, count, this.#world.nowNs)
      } else this.#loseOutputs(port, outputs)
    })
  }

  /** The host has no descriptor: what was passed or sent is lost after all. */
  #loseOutputs(port: Port, outputs: readonly Output[]): void {
    const { measure, nowNs } = this.#world
    for (const output of outputs) {
      measure.wayFate(port.path, 'host_ring_full', nowNs)
      if (output.port === undefined) this.lost.set(port, (this.lost.get(port) ?? 0) + 1)
      else this.#world.underWay--
    }
  }

  #resize(cores: number): void {
    this.cores = cores
    this.#freeNs = Array.from({ length: cores }, (_, core) => this.#freeNs[core] ?? 0)
  }
}
