import { NAPI_BUDGET } from '@bpfoundry/device'
import type { SteppedCpus } from '@bpfoundry/testbench'
import type { TimeSeries } from '../measure/time-axis.ts'
import type { StagedHost } from '../stage/host-stage.ts'
import type { Output, Polled, Poller, Port, PortQueue } from './port.ts'
import type { World } from './world.ts'

/** A packet that a card's own cores passed up, on its way through the host. */
interface HandedOver {
  readonly port: Port
  readonly queue: PortQueue
  readonly ns: number
  readonly outputs: readonly Output[]
}

/**
 * A CPU of a host in modelled time: polls its queues in turn, 64 packets each, as NAPI does, and is busy for as long as
 * the cost model says. What a poll found in a ring leaves it when the poll begins.
 */
export class HostCpu implements Poller {
  readonly id: number
  readonly busy: TimeSeries
  busyNs = 0
  packets = 0
  readonly #world: World
  readonly #host: StagedHost
  readonly #cpus: SteppedCpus
  readonly #ports: readonly Port[]
  readonly #handedOver: HandedOver[] = []
  #active = false
  #stalledUntilNs = 0

  constructor(
    world: World,
    fields: {
      readonly id: number
      readonly host: StagedHost
      readonly cpus: SteppedCpus
      readonly ports: readonly Port[]
    },
  ) {
    this.#world = world
    this.id = fields.id
    this.#host = fields.host
    this.#cpus = fields.cpus
    this.#ports = fields.ports
    this.busy = world.measure.axis.series('sum')
  }

  /** Something is in a ring. */
  wake(): void {
    if (this.#active) return
    this.#active = true
    this.#world.at(this.#world.nowNs + this.#host.wakeupNs, () => this.#round())
  }

  /** Polls nothing until then. */
  stall(untilNs: number): void {
    this.#stalledUntilNs = Math.max(this.#stalledUntilNs, untilNs)
  }

  /** Takes a packet from a card's cores. @returns false when the host has no descriptor for it */
  handOver(packet: HandedOver): boolean {
    const there = this.#handedOver.reduce((sum, { queue }) => sum + (queue === packet.queue ? 1 : 0), 0)
    if (there >= packet.queue.capacity) return false
    packet.queue.hostOccupancy.add(this.#world.nowNs, there + 1)
    this.#handedOver.push(packet)
    this.wake()
    return true
  }

  #round(): void {
    const { nowNs } = this.#world
    if (nowNs < this.#stalledUntilNs) {
      this.#world.at(this.#stalledUntilNs, () => this.#round())
      return
    }
    let endNs = this.#takeHandedOver(nowNs)
    for (const port of this.#ports) {
      if (port.removed || port.offloaded) continue
      for (const queue of port.queues) {
        if (queue.cpu === this.id && port.waiting(queue) > 0) endNs = this.#poll(port, queue, endNs)
      }
    }
    if (endNs === nowNs) {
      this.#active = false
      return
    }
    this.busy.addSpan(nowNs, endNs)
    this.busyNs += endNs - nowNs
    this.#world.at(endNs, () => this.#round())
  }

  #takeHandedOver(fromNs: number): number {
    let endNs = fromNs
    for (const { ns, outputs } of this.#handedOver.splice(0, NAPI_BUDGET)) {
      endNs += ns
      this.packets++
      for (const output of outputs) this.#emit(output, endNs)
    }
    return endNs
  }

  #poll(port: Port, queue: PortQueue, fromNs: number): number {
    const polled = port.poll(this.#cpus, queue, NAPI_BUDGET)
    const ns = hostNs(this.#world, this.#host, port, queue, polled)
    const endNs = fromNs + ns
    this.packets += polled.packets
    // Drivers ring the doorbell at the end of a poll; the stack sends one packet at a time.
    const bulked = queue.meter.stage('native').packets > 0
    for (const output of polled.outputs) {
      const ownNs = fromNs + (ns * (output.place + 1)) / polled.packets
      this.#emit(output, output.port !== undefined && bulked ? endNs : ownNs)
    }
    for (const [fate, packets] of queue.meter.fates) this.#world.measure.fate(port.path, fate, packets, fromNs, endNs)
    return endNs
  }

  #emit({ port, flight }: Output, atNs: number): void {
    this.#world.at(atNs, () => {
      if (port === undefined) this.#world.measure.receive(this.#host.name, flight, atNs)
      else port.send(flight)
    })
  }
}

/** Time of a CPU for what a poll did on the host. */
export function hostNs(
  world: World,
  host: StagedHost,
  port: Port,
  queue: PortQueue,
  polled: Pick<Polled, 'packets'>,
): number {
  const mode = (['native', 'generic'] as const).find((one) => queue.meter.stage(one).packets > 0)
  const stage = queue.meter.stage(mode ?? 'generic')
  const { nic } = port.staged
  const attached = mode === undefined ? undefined : nic.attached(mode)
  const program = attached === undefined ? undefined : host.bench.kernel.programById(attached.id)
  return world.costs.hostNs({ nic, mode, stage, program, packets: polled.packets, gigahertz: host.gigahertz })
}
