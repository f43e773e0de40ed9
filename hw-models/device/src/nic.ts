import type { GuestMemory } from '@bpfoundry/guest-memory'
import { NET_DEVICE, XDP_ACTION } from '@bpfoundry/kernel-abi'
import {
  CounterBlock,
  MAC_COUNTERS,
  type MacCounter,
  PORT_COUNTERS,
  type PortCounter,
  QUEUE_COUNTERS,
  QUEUE_WIRE,
  QUEUE_WIRE_COUNTERS,
  type QueueCounter,
  type QueueWireCounter,
  REMOTE_COUNTERS,
  type RemoteCounter,
  readFates,
  STAGE_COUNTERS,
  type StageCounter,
} from './counters.ts'
import { DeviceError } from './device-error.ts'
import { type Fates, noFates, sumFates } from './fates.ts'
import { NIC_CONTROL, type NicHandle, type NicQueueHandle } from './nic-handle.ts'
import { XDP_MODE, type XdpMode } from './xdp-mode.ts'

/** What a poll generation was when someone began to wait; see {@link Nic.beginGracePeriod}. */
export type GracePeriod = readonly number[]

/**
 * A card as control and reports see it, in any thread: program slots, link state, counters. Packets go through
 * `NicWire` on the one side and `createDriverPoll` on the other.
 */
export class Nic {
  readonly memory: GuestMemory
  readonly handle: NicHandle

  constructor(memory: GuestMemory, handle: NicHandle) {
    this.memory = memory
    this.handle = handle
    memory.refresh()
  }

  get name(): string {
    return this.handle.name
  }

  get ifindex(): number {
    return this.handle.ifindex
  }

  get mtu(): number {
    return this.memory.u32[(this.handle.netDevice + NET_DEVICE.mtu) >>> 2] as number
  }

  /** Sets the MTU; the attach rules are the caller's to ask first. */
  set mtu(mtu: number) {
    Atomics.store(this.memory.i32, (this.handle.netDevice + NET_DEVICE.mtu) >>> 2, mtu)
  }

  get up(): boolean {
    return Atomics.load(this.memory.i32, (this.handle.control + NIC_CONTROL.up) >>> 2) !== 0
  }

  set up(up: boolean) {
    Atomics.store(this.memory.i32, (this.handle.control + NIC_CONTROL.up) >>> 2, up ? 1 : 0)
  }

  /** Id of the program at this hook, 0 for none. */
  programId(mode: XdpMode): number {
    return Atomics.load(this.memory.i32, this.#slot(mode))
  }

  /**
   * Puts program `id` into the hook, 0 to empty it. Atomic under traffic: a poll that has begun finishes with the
   * program it began with, every later one takes the new one. The old program may be freed after a grace period.
   *
   * @returns the id that was there
   */
  setProgram(mode: XdpMode, id: number): number {
    return Atomics.exchange(this.memory.i32, this.#slot(mode), id)
  }

  /**
   * Begins to wait for all CPUs to leave the polls they are in now, as synchronize_rcu does.
   * Ask {@link gracePeriodOver}, or await {@link synchronize}.
   */
  beginGracePeriod(): GracePeriod {
    return this.handle.cpus.map((cpu) => Atomics.load(this.memory.i32, cpu.generation >>> 2))
  }

  /** True once every CPU that polled this card when the period began has left that poll. */
  gracePeriodOver(period: GracePeriod): boolean {
    // An odd generation is a poll under way; an even one has none, and a later one sees the new program.
    return this.handle.cpus.every((cpu, index) => {
      const begun = period[index] as number
      return (begun & 1) === 0 || Atomics.load(this.memory.i32, cpu.generation >>> 2) !== begun
    })
  }

  /** Resolves after a grace period; polls in other threads go on meanwhile. */
  async synchronize(): Promise<void> {
    const period = this.beginGracePeriod()
    while (!this.gracePeriodOver(period)) await new Promise((resolve) => setTimeout(resolve, 0))
  }

  /** The first verdict that a driver of this card didn't know, and the program that gave it. */
  invalidAction(): { readonly action: number; readonly programId: number } | undefined {
    const { i32, u32 } = this.memory
    const at = this.handle.control >>> 2
    if (Atomics.load(i32, at + (NIC_CONTROL.warned >>> 2)) !== 1) return undefined
    return {
      action: u32[at + (NIC_CONTROL.warnedAction >>> 2)] as number,
      programId: u32[at + (NIC_CONTROL.warnedProgram >>> 2)] as number,
    }
  }

  /**
   * What the kernel log says of {@link invalidAction}, once.
   *
   * @see bpf_warn_invalid_xdp_action in net/core/filter.c
   */
  invalidActionText(programName: string): string | undefined {
    const found = this.invalidAction()
    if (found === undefined) return undefined
    const kind = found.action > XDP_ACTION.REDIRECT ? 'Illegal' : 'Driver unsupported'
    return `${kind} XDP return value ${found.action} on prog ${programName} (id ${found.programId}) dev ${this.name}, expect packet loss!`
  }

  /** The MAC's counters: everything the wire delivered. */
  macCounters(): Record<MacCounter, number> {
    return this.#block(this.handle.macCounters).read(MAC_COUNTERS)
  }

  /** Fates of the packets of queue `index`; `in` counts those that reached it. */
  queueFates(index: number): Fates {
    const queue = this.#queue(index)
    const wire = this.#block(queue.wireCounters)
    const fates = readFates(this.#block(queue.fateCounters))
    fates.in = wire.get(QUEUE_WIRE.packets)
    fates.ring_full = wire.get(QUEUE_WIRE.missed)
    return fates
  }

  /** Sum over the queues of CPU `cpu`; and what it did with packets that cpumaps sent it, which came in elsewhere. */
  cpuFates(cpu: number): Fates {
    const queues = this.handle.queues.filter((queue) => queue.cpu === cpu)
    return sumFates([...queues.map((queue) => this.queueFates(queue.index)), this.#remoteFates(cpu)])
  }

  #remoteFates(cpu: number): Fates {
    const own = this.handle.cpus[cpu]
    return own === undefined ? noFates() : readFates(this.#block(own.remoteFates))
  }

  /** What CPU `cpu` did with packets that cpumaps sent it. */
  remoteCounters(cpu: number): Record<RemoteCounter, number> {
    const own = this.handle.cpus[cpu]
    if (own !== undefined) return this.#block(own.remoteCounters).read(REMOTE_COUNTERS)
    throw new DeviceError({ code: 'DEVICE_CPUS', message: `${this.name} has no such CPU`, got: cpu })
  }

  /** Fates of everything the wire delivered; use `assertAccounted` once all queues are polled empty. */
  fates(): Fates {
    const mac = readFates(this.#block(this.handle.macFates))
    const refused = noFates()
    for (const fate of ['too_long', 'too_short', 'link_down'] as const) refused[fate] = mac[fate]
    const sum = sumFates([
      refused,
      ...this.handle.queues.map((queue) => this.queueFates(queue.index)),
      ...this.handle.cpus.map(({ cpu }) => this.#remoteFates(cpu)),
    ])
    sum.in = this.macCounters().packets
    return sum
  }

  queueCounters(index: number): Record<QueueCounter, number> {
    return this.#block(this.#queue(index).counters).read(QUEUE_COUNTERS)
  }

  wireCounters(index: number): Record<QueueWireCounter, number> {
    return this.#block(this.#queue(index).wireCounters).read(QUEUE_WIRE_COUNTERS)
  }

  /** What the hook of `mode` saw, of one queue or, without `index`, of all. */
  stageCounters(mode: XdpMode, index?: number): Record<StageCounter, number> {
    const queues = index === undefined ? this.handle.queues : [this.#queue(index)]
    const place = XDP_MODE[mode]
    return sumRecords(
      STAGE_COUNTERS,
      queues.map((queue) => this.#block(queue.stageCounters[place] as number).read(STAGE_COUNTERS)),
    )
  }

  /** The transmit side, of one CPU or, without `cpu`, of all. */
  portCounters(cpu?: number): Record<PortCounter, number> {
    const ports = this.handle.cpus.filter((row) => cpu === undefined || row.cpu === cpu)
    return sumRecords(
      PORT_COUNTERS,
      ports.map((row) => this.#block(row.portCounters).read(PORT_COUNTERS)),
    )
  }

  #slot(mode: XdpMode): number {
    return ((this.handle.control + NIC_CONTROL.slots) >>> 2) + XDP_MODE[mode]
  }

  #block(address: number): CounterBlock {
    return new CounterBlock(this.memory, address)
  }

  #queue(index: number): NicQueueHandle {
    const queue = this.handle.queues[index]
    if (queue !== undefined) return queue
    throw new DeviceError({
      code: 'DEVICE_QUEUE_UNKNOWN',
      message: `${this.name} has no such queue`,
      got: index,
      expected: `0 to ${this.handle.queues.length - 1}`,
    })
  }
}

/** The card that `handle` describes, in this thread. */
export function attachNic(memory: GuestMemory, handle: NicHandle): Nic {
  return new Nic(memory, handle)
}

function sumRecords<Name extends string>(
  names: readonly Name[],
  records: readonly Record<Name, number>[],
): Record<Name, number> {
  return Object.fromEntries(
    names.map((name) => [name, records.reduce((sum, record) => sum + record[name], 0)]),
  ) as Record<Name, number>
}
