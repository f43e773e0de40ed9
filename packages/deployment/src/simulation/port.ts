import { FATES, type Fate, FRAME_ACCEPTED } from '@bpfoundry/device'
import type { SteppedCpus } from '@bpfoundry/testbench'
import type { TimeSeries } from '../measure/time-axis.ts'
import type { StagedInterface } from '../stage/host-stage.ts'
import type { CableDirection, CableEnd } from './cable.ts'
import { type Flight, Origins } from './flight.ts'
import { PollMeter } from './poll-meter.ts'
import type { World } from './world.ts'

/** A queue of a port, as the clock sees it. */
export interface PortQueue {
  readonly index: number
  readonly cpu: number
  readonly capacity: number
  readonly meter: PollMeter
  /** Packets in its ring, the most of each slot. */
  readonly occupancy: TimeSeries
  /** Of a card with cores: what waits for the host behind them. */
  readonly hostOccupancy: TimeSeries
  delivered: number
  polled: number
}

/** A packet that came out of a poll: for the stack, or for a port. */
export interface Output {
  readonly flight: Flight
  /** Where it leaves; undefined for the stack. */
  readonly port: Port | undefined
  /** Its place in the poll, from 0. */
  readonly place: number
}

/** What one poll did. */
export interface Polled {
  readonly packets: number
  readonly outputs: readonly Output[]
}

/** Who polls a port's queues when something has arrived. */
export interface Poller {
  /** @param frame what has arrived; absent where programs or firmware have changed */
  wake(port: Port, queue: PortQueue, frame?: Uint8Array): void
}

/** An interface in modelled time: what arrives goes into its rings, what it sends onto its cable. */
export class Port implements CableEnd {
  readonly staged: StagedInterface
  readonly queues: readonly PortQueue[]
  /** Ports of the same host, this one among them: what is redirected leaves there. */
  neighbours: readonly Port[] = []
  out: CableDirection | undefined
  /** Set once everything is in its place. */
  poller: Poller | undefined
  removed = false
  /** Packets that left here, by cable or into nothing. */
  egress = 0
  readonly #world: World
  readonly #origins: Origins

  constructor(world: World, staged: StagedInterface) {
    this.#world = world
    this.staged = staged
    const { handle, nic } = staged.nic
    this.queues = handle.queues.map((queue) => ({
      index: queue.index,
      cpu: queue.cpu,
      capacity: queue.completion.capacity,
      meter: new PollMeter(nic.memory, queue),
      occupancy: world.measure.axis.series('most'),
      hostOccupancy: world.measure.axis.series('most'),
      delivered: 0,
      polled: 0,
    }))
    // Every frame of a queue may be out at once, and a queue has at most twice as many as its ring.
    this.#origins = new Origins(this.queues.reduce((sum, { capacity }) => sum + 4 * capacity, 0))
  }

  get path(): string {
    return this.staged.path
  }

  /** Whether the card's own cores handle what arrives. */
  get offloaded(): boolean {
    return this.staged.nic.nic.programId('offload') !== 0
  }

  /** Packets in a queue's ring. */
  waiting(queue: PortQueue): number {
    return this.staged.nic.wire.waiting(queue.index)
  }

  /** A packet arrives from the cable. */
  receive(flight: Flight): void {
    const { wire } = this.staged.nic
    const { nowNs, measure } = this.#world
    const { bytes, lengthBytes } = flight
    const index = wire.nextPacket
    const taken = wire.deliver(bytes, 0, lengthBytes, nowNs)
    if (taken < 0) {
      const refusal = wire.refusal(bytes, 0, lengthBytes)
      measure.fate(this.path, refusal === FRAME_ACCEPTED ? 'ring_full' : (FATES[refusal] as Fate), 1, nowNs)
      return
    }
    const queue = this.queues[taken] as PortQueue
    this.#origins.set(index, {
      bornNs: flight.bornNs,
      traffic: flight.traffic,
      hops: flight.hops + 1,
      place: queue.delivered++,
    })
    queue.occupancy.add(nowNs, this.waiting(queue))
    this.poller?.wake(this, queue, bytes)
  }

  /** Looks for who handles what waits: programs or firmware have changed. */
  wakeAll(): void {
    for (const queue of this.queues) {
      for (let waiting = this.waiting(queue); waiting > 0; waiting--) this.poller?.wake(this, queue)
    }
  }

  /** A packet leaves that came out of a poll. */
  send(flight: Flight): void {
    const { measure, nowNs, hopLimit } = this.#world
    this.egress++
    this.#world.underWay--
    if (flight.hops > hopLimit) measure.wayFate(this.path, 'hop_limit', nowNs)
    else if (this.out === undefined) measure.wayFate(this.path, 'unconnected', nowNs)
    else this.out.send(flight)
  }

  /** Polls a queue; what comes out is collected, and goes on when the model says so. */
  poll(cpus: SteppedCpus, queue: PortQueue, budget: number): Polled {
    const { nic } = this.staged
    const first = queue.polled
    const packets = cpus.poll(queue.cpu, nic, queue.index, budget)
    queue.polled += packets
    queue.meter.read()
    const outputs: Output[] = []
    for (const port of this.neighbours) {
      port.staged.nic.wire.drainTx((frame) => {
        outputs.push(this.#output(frame, port, first))
        this.#world.underWay++
        this.#world.outputs++
      })
    }
    nic.wire.drainStack((frame) => {
      outputs.push(this.#output(frame, undefined, first))
    })
    return { packets, outputs }
  }

  /** A packet may come out on another CPU's turn, and then is of another card. */
  #from(ifindex: number): Origins {
    return (this.neighbours.find(({ staged }) => staged.nic.ifindex === ifindex) ?? this).#origins
  }

  #output(
    frame: {
      readonly bytes: Uint8Array
      readonly offsetBytes: number
      readonly lengthBytes: number
      readonly packetIndex: number
      readonly ingressIfindex: number
    },
    port: Port | undefined,
    first: number,
  ): Output {
    const { bornNs, traffic, hops, place } = this.#from(frame.ingressIfindex).get(frame.packetIndex)
    const { offsetBytes, lengthBytes } = frame
    // What goes up the stack ends there: only its length still counts.
    const bytes = port === undefined ? NOTHING : frame.bytes.slice(offsetBytes, offsetBytes + lengthBytes)
    return { port, place: place - first, flight: { bytes, lengthBytes, bornNs, traffic, hops } }
  }
}

const NOTHING = new Uint8Array(0)
