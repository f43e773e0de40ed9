import { CPU_BLOCK, type Cpu, type ExecutionFault } from '@bpfoundry/engine'
import { type GuestMemory, writeU64 } from '@bpfoundry/guest-memory'
import { QUEUE, STAGE } from './counters.ts'
import { DeviceError } from './device-error.ts'
import { type EventRings, EventWriter } from './events/event-ring.ts'
import { FATE, type Fate } from './fates.ts'
import { FRAME_DESCRIPTOR, FRAME_FLAG, FrameCursor } from './frame-descriptor.ts'
import { NIC_CONTROL, type NicHandle } from './nic-handle.ts'
import { PollBatch } from './poll/poll-batch.ts'
import { POLL_PACKETS } from './poll/poll-block.ts'
import { openedMaps, type PollQueue, pollQueue, portLookup } from './poll-queue.ts'
import { EntryProgram } from './redirect/entry-program.ts'
import { clearRedirect } from './redirect/redirect-target.ts'
import { type MapLookup, type PortLookup, Redirects } from './redirect/redirects.ts'
import { RingProducer } from './spsc-ring.ts'
import { TxPort } from './tx-port.ts'
import { type ProgramLookup, XdpHook } from './xdp-hook.ts'
import type { XdpMode } from './xdp-mode.ts'

/** NAPI_POLL_WEIGHT: packets a poll handles at most before another queue has its turn. @see include/linux/netdevice.h */
export const NAPI_BUDGET = 64

/** What a stage works with: one card on one CPU. */
export interface DriverContext {
  readonly memory: GuestMemory
  readonly handle: NicHandle
  readonly cpu: Cpu
  /** This card's transmit port on this CPU. */
  readonly port: TxPort
  readonly ports: PortLookup
  readonly redirects: Redirects
  /** Where events go; undefined while nobody traces. */
  readonly events: EventWriter | undefined
  /** A hook of this card; each mode has one. */
  hook(mode: XdpMode): XdpHook
  /** Ends the packet: counts its fate and gives its frames back. Not for packets that were sent or passed up. */
  discard(frame: FrameCursor, queue: PollQueue, fate: Fate): void
}

/**
 * One station of a packet on its way up: the card's cores, the driver's hook, the stack's hook. Called for every packet
 * of a poll, in order: what the mode does before and after the program. Allocates nothing.
 */
export interface XdpStage {
  readonly mode: XdpMode
  readonly hook: XdpHook
  /** Begins a poll. @returns false when there is nothing to do here, so that packets skip this stage */
  begin(queue: PollQueue): boolean
  /** Told at the beginning of a poll how many packets it handles, for the first stage that does anything. */
  expect?(packets: number): void
  /** Makes a packet ready for the program. @returns true when it moved, so that its descriptor must follow */
  prepare?(frame: FrameCursor): boolean
  /**
   * Does what the program says. XDP_DROP always ends as `drop` and XDP_PASS always goes on up: of those a stage is not
   * asked when a poll program has settled them.
   *
   * @returns true when the packet goes on up, false when it has found its fate
   */
  settle(verdict: number, frame: FrameCursor, queue: PollQueue): boolean
  /** Whether its program now in the hook takes packets in one piece only; such packets run one by one. */
  readonly wholePackets?: boolean
  /** Whether it must see every packet, those included that a poll program would settle. */
  readonly seesAll?: boolean
  /** Ends a poll: what was put into rings leaves. */
  end(queue: PollQueue): void
}

/** Makes a stage for one card on one CPU. */
export type XdpStageFactory = (context: DriverContext) => XdpStage

/** Options of {@link createDriverPoll}. */
export interface DriverPollOptions {
  readonly memory: GuestMemory
  readonly nic: NicHandle
  readonly cpu: Cpu
  readonly programs: ProgramLookup
  /** Poll programs (see `linkPoll`) by the id of the program in them, where its engine compiles; none when absent. */
  readonly polls?: ProgramLookup
  /** Stages from the wire up: offload, native, generic. Modes that are missing here never run a program. */
  readonly stages: readonly XdpStageFactory[]
  /** Cards that can be redirected to, this one among them; only this one when absent. */
  readonly redirectTargets?: () => readonly NicHandle[]
  /** Maps by their address, for redirects; opened as they are needed when absent. */
  readonly mapAt?: MapLookup
  /** Rings for events, one a CPU; nothing is traced when absent. */
  readonly events?: EventRings
}

/** A card's driver on one CPU. */
export interface DriverPoll {
  /** The queues that this CPU polls. */
  readonly queues: readonly number[]
  /**
   * Handles up to `budget` packets of a queue.
   *
   * @returns packets handled; less than the budget means that the queue is empty
   * @throws DeviceError DEVICE_QUEUE_UNKNOWN for a queue of another CPU, DEVICE_PROGRAM_MISSING
   */
  poll(queue: number, budget?: number): number
  /** One round over all queues of this CPU. @returns packets handled */
  pollAll(budget?: number): number
  /** Queues of this CPU in which packets wait. */
  readonly waitingQueues: number
  /**
   * As {@link pollAll}, but a queue may have up to `polls` polls in a row: for who knows that no other queue waits, so that
   * NAPI would poll it again at once. It is one of a longer queue to the program; the driver counts them as what they are.
   *
   * @returns packets handled
   */
  pollRow(polls: number): number
  /** The first fault of a program, if any: a defect of engine or verifier. The packet was dropped as XDP_ABORTED. */
  fault(): ExecutionFault | undefined
}

const NOW_NS = CPU_BLOCK.fields.nowNs.offsetBytes
const DESCRIPTOR_FLAGS = FRAME_DESCRIPTOR.fields.flags.offsetBytes

/** The driver of card `nic` on CPU `cpu`, for the thread that runs this CPU. */
export function createDriverPoll(options: DriverPollOptions): DriverPoll {
  return new StagedPoll(options)
}

class StagedPoll implements DriverPoll, DriverContext {
  readonly memory: GuestMemory
  readonly handle: NicHandle
  readonly cpu: Cpu
  readonly port: TxPort
  readonly ports: PortLookup
  readonly redirects: Redirects
  readonly events: EventWriter | undefined
  readonly queues: readonly number[]
  readonly #programs: ProgramLookup
  readonly #polls: ProgramLookup | undefined
  /** Poll programs' side, by number of the queue. */
  readonly #batches: PollBatch[] = []
  readonly #pollQueues = new Map<number, PollQueue>()
  readonly #hooks = new Map<XdpMode, XdpHook>()
  readonly #stages: readonly XdpStage[]
  /** Of these as many as {@link #activeCount} says, from the wire up. */
  readonly #active: XdpStage[] = []
  #activeCount = 0
  readonly #stack: RingProducer
  readonly #generation: number
  readonly #frame = new FrameCursor()
  readonly #entryProgram: EntryProgram
  #handled = 0

  constructor(options: DriverPollOptions) {
    const { memory, nic, cpu } = options
    const own = nic.cpus[cpu.id]
    if (own === undefined) {
      throw new DeviceError({ code: 'DEVICE_CPUS', message: `${nic.name} has no such CPU`, got: cpu.id })
    }
    memory.refresh()
    this.memory = memory
    this.handle = nic
    this.cpu = cpu
    this.port = new TxPort(memory, nic, cpu.id)
    this.ports = portLookup(memory, cpu.id, this.port, options.redirectTargets)
    this.events = options.events === undefined ? undefined : new EventWriter(memory, cpu, options.events)
    const { redirectTargets } = options
    this.#entryProgram = new EntryProgram({
      memory,
      cpu,
      programs: options.programs,
      nics: (ifindex) => (ifindex === nic.ifindex ? nic : redirectTargets?.().find((one) => one.ifindex === ifindex)),
    })
    const mapAt = options.mapAt ?? openedMaps(memory)
    this.redirects = new Redirects({
      memory,
      cpu,
      ports: this.ports,
      mapAt,
      program: this.#entryProgram,
      events: this.events,
      sockets: true,
    })
    this.#programs = options.programs
    this.#polls = options.polls
    this.#stack = new RingProducer(memory, own.stack)
    this.#generation = own.generation >>> 2
    for (const queue of nic.queues)
      if (queue.cpu === cpu.id) this.#pollQueues.set(queue.index, pollQueue(memory, queue))
    this.queues = [...this.#pollQueues.keys()]
    const passUp = (frame: FrameCursor, queue: PollQueue): void => this.#passUp(frame, queue)
    for (const queue of this.#pollQueues.values()) {
      this.#batches[queue.handle.index] = new PollBatch({ memory, cpu, handle: nic, queue, passUp })
    }
    this.#stages = options.stages.map((make) => make(this))
  }

  hook(mode: XdpMode): XdpHook {
    const known = this.#hooks.get(mode)
    if (known !== undefined) return known
    const hook = new XdpHook({
      memory: this.memory,
      handle: this.handle,
      cpu: this.cpu,
      mode,
      programs: this.#programs,
      ...(this.#polls === undefined ? {} : { polls: this.#polls }),
    })
    this.#hooks.set(mode, hook)
    return hook
  }

  discard(frame: FrameCursor, queue: PollQueue, fate: Fate): void {
    queue.fates.add(FATE[fate], 1)
    queue.release(frame)
  }

  fault(): ExecutionFault | undefined {
    for (const hook of this.#hooks.values()) if (hook.fault !== undefined) return hook.fault
    return this.#entryProgram.fault
  }

  pollAll(budget: number = NAPI_BUDGET): number {
    let handled = 0
    for (const queue of this.#pollQueues.values()) handled += this.#poll(queue, budget)
    return handled
  }

  get waitingQueues(): number {
    let waiting = 0
    for (const queue of this.#pollQueues.values()) if (queue.completion.available() > 0) waiting++
    return waiting
  }

  pollRow(polls: number): number {
    let handled = 0
    for (const queue of this.#pollQueues.values()) handled += this.#poll(queue, NAPI_BUDGET, polls)
    return handled
  }

  poll(index: number, budget: number = NAPI_BUDGET): number {
    const queue = this.#pollQueues.get(index)
    if (queue !== undefined) return this.#poll(queue, budget)
    throw new DeviceError({
      code: 'DEVICE_QUEUE_UNKNOWN',
      message: `CPU ${this.cpu.id} does not poll this queue of ${this.handle.name}`,
      got: index,
      expected: this.queues.join(', '),
    })
  }

  #poll(queue: PollQueue, budget: number, row = 1): number {
    const waiting = Math.min(budget * row, queue.completion.available())
    if (waiting <= 0) {
      // Frames may have come home since the last packet: without them the card gets no next one.
      queue.pool.refill()
      return 0
    }
    this.memory.refresh()
    Atomics.add(this.memory.i32, this.#generation, 1)
    // A packet whose stage threw stays in its ring; rings and generation stay whole.
    this.#handled = 0
    try {
      this.#begin(queue)
      if (waiting > budget && this.#settlesAlone()) this.#handleRow(queue, waiting)
      else this.#handle(queue, Math.min(budget, waiting))
    } finally {
      this.#end(queue, this.#handled, Math.max(1, Math.ceil(this.#handled / budget)))
    }
    return this.#handled
  }

  /** One stage whose program has a receive loop of its own, or packet by packet. */
  #handle(queue: PollQueue, waiting: number): void {
    const stage = this.#activeCount === 1 ? this.#active[0] : undefined
    const singly = stage?.seesAll === true || (stage?.wholePackets === true && this.#anyFrags(queue, waiting))
    if (stage?.hook.pollProgram !== undefined && !singly) {
      while (this.#handled < waiting) this.#handleBatch(queue, stage, Math.min(waiting - this.#handled, POLL_PACKETS))
      return
    }
    if (this.#activeCount > 0) this.#active[0]?.expect?.(waiting)
    for (; this.#handled < waiting; this.#handled++) this.#receive(queue, queue.completion.entry(this.#handled))
  }

  /** Polls in a row, up to the first one that leaves something to settle and so to end. */
  #handleRow(queue: PollQueue, waiting: number): void {
    if (this.#anyFrags(queue, waiting)) this.#handle(queue, NAPI_BUDGET)
    else this.#handleBatch(queue, this.#active[0] as XdpStage, waiting)
  }

  #handleBatch(queue: PollQueue, stage: XdpStage, packets: number): void {
    const batch = this.#batches[queue.handle.index] as PollBatch
    const ahead = this.#handled
    try {
      batch.run(stage, ahead, packets)
    } finally {
      this.#handled = ahead + batch.handled
    }
  }

  /** Whether the program's own loop settles packets, and no stage must see one or know of a poll. */
  #settlesAlone(): boolean {
    const [stage] = this.#active
    if (this.#activeCount !== 1 || stage?.hook.pollProgram === undefined || stage.seesAll === true) return false
    return stage.expect === undefined && stage.prepare === undefined
  }

  #anyFrags(queue: PollQueue, waiting: number): boolean {
    const { u32 } = this.memory
    if (u32[(this.handle.control + NIC_CONTROL.frags) >>> 2] === 0) return false
    for (let ahead = 0; ahead < waiting; ahead++) {
      const flags = u32[(queue.completion.entry(ahead) + DESCRIPTOR_FLAGS) >>> 2] as number
      if ((flags & FRAME_FLAG.frags) !== 0) return true
    }
    return false
  }

  #begin(queue: PollQueue): void {
    clearRedirect(this.memory, this.cpu)
    // An array that is cleared and filled for each poll would be allocated for each.
    this.#activeCount = 0
    for (const stage of this.#stages) if (stage.begin(queue)) this.#active[this.#activeCount++] = stage
  }

  #receive(queue: PollQueue, descriptor: number): void {
    const frame = this.#frame
    frame.load(this.memory, descriptor)
    queue.counters.add(QUEUE.bytes, frame.wireBytes)
    writeU64(this.memory, this.cpu.block + NOW_NS, frame.timestampNs)
    for (let n = 0; n < this.#activeCount; n++) {
      const stage = this.#active[n] as XdpStage
      stage.prepare?.(frame)
      if (!stage.settle(stage.hook.run(frame), frame, queue)) return
    }
    this.#passUp(frame, queue)
  }

  #passUp(frame: FrameCursor, queue: PollQueue): void {
    queue.fates.add(FATE.pass, 1)
    queue.counters.add(QUEUE.stackBytes, frame.lengthBytes)
    if (this.handle.stackSink === 'discard') {
      queue.release(frame)
      return
    }
    const descriptor = this.#stack.reserve()
    if (descriptor === 0) throw new Error(`${this.handle.name}: the stack ring is shorter than the number of frames`)
    frame.store(this.memory, descriptor)
  }

  /** What programs of devmap entries executed counts where the packets' own program ran. */
  #countEntryPrograms(): void {
    const { insns, helperCalls } = this.#entryProgram
    if (insns === 0) return
    const counters = this.#active[this.#activeCount - 1]?.hook.counters
    counters?.add(STAGE.insns, insns)
    counters?.add(STAGE.helperCalls, helperCalls)
    this.#entryProgram.insns = 0
    this.#entryProgram.helperCalls = 0
  }

  #end(queue: PollQueue, handled: number, polls: number): void {
    for (let n = 0; n < this.#activeCount; n++) this.#active[n]?.end(queue)
    this.#countEntryPrograms()
    this.#stack.publish()
    queue.completion.release(handled)
    queue.counters.add(QUEUE.polls, polls)
    queue.counters.add(QUEUE.packets, handled)
    const missing = queue.pool.refill()
    if (missing > 0) queue.counters.add(QUEUE.allocFailures, missing)
    Atomics.add(this.memory.i32, this.#generation, 1)
  }
}
