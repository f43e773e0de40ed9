import {
  CpumapThread,
  createDriverPoll,
  type DriverPoll,
  type EventRings,
  NAPI_BUDGET,
  type NicHandle,
  pollProgramId,
  type TraceHandle,
  TracePlayer,
  WIRE_PROGRAM_ID,
} from '@bpfoundry/device'
import type { Cpu, ExecutionFault, Translation } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { Runtime } from '@bpfoundry/kernel'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { type CpuMap, waitingFrames } from '@bpfoundry/maps'
import type { CardPort } from './card-port.ts'
import { engineByName } from './engines.ts'
import { stagesOf } from './stages.ts'

/** A trace that the CPUs play to a card themselves. */
export interface PlayTask {
  readonly nic: NicHandle
  readonly trace: TraceHandle
}

/** What an emulated CPU works with, in any thread. */
export interface CpuLoopOptions {
  readonly memory: GuestMemory
  readonly cpu: Cpu
  readonly engine: string
  readonly translations: readonly Translation[]
  readonly ports: readonly CardPort[]
  readonly play?: PlayTask
  /** Rings for tracepoints; nothing is traced when absent. */
  readonly events?: EventRings
  /** Takes what programs print. */
  readonly trace: (cpu: number, text: string) => void
}

/** One emulated CPU: its programs and its queues of every card. The same in a worker and in the single-thread mode. */
export class CpuLoop {
  readonly runtime: Runtime
  readonly #polls: readonly DriverPoll[]
  readonly #player: TracePlayer | undefined
  readonly #memory: GuestMemory
  readonly #cpu: Cpu
  readonly #cpumapThread: CpumapThread
  /** Every cpumap that an installed program names, by address. */
  readonly #cpumaps = new Map<number, CpuMap>()

  constructor(options: CpuLoopOptions) {
    const { memory, cpu, ports, trace } = options
    this.#memory = memory
    this.#cpu = cpu
    const events = options.events === undefined ? {} : { events: options.events }
    const handles = ports.map(({ handle }) => handle)
    this.runtime = new Runtime(memory, {
      engine: engineByName(options.engine),
      trace: (from, text) => trace(from.id, text),
    })
    for (const translation of options.translations) this.install(translation)
    const mapAt = (address: number): ReturnType<Runtime['mapAt']> => this.runtime.mapAt(address)
    this.#polls = ports.map((port) =>
      createDriverPoll({
        memory,
        nic: port.handle,
        cpu,
        programs: (id) => this.runtime.program(id),
        polls: (id) => this.runtime.program(pollProgramId(id)),
        stages: stagesOf(port),
        redirectTargets: () => handles,
        mapAt,
        ...events,
      }),
    )
    this.#cpumapThread = new CpumapThread({
      memory,
      cpu,
      nics: handles,
      maps: () => [...this.#cpumaps.values()],
      mapAt,
      programs: (id) => this.runtime.program(id),
      ...events,
    })
    const wire = this.runtime.program(WIRE_PROGRAM_ID)
    if (options.play !== undefined) {
      this.#player = new TracePlayer({ memory, cpu, ...options.play, ...(wire === undefined ? {} : { wire }) })
    }
  }

  /** Makes a program run on this CPU. */
  install(translation: Translation): void {
    this.runtime.install(translation)
    const { insns, mapReferences } = translation.image
    for (const { pc, valueOffsetBytes } of mapReferences) {
      if (valueOffsetBytes !== undefined) continue
      const address = (insns[pc]?.imm ?? 0) >>> 0
      if (this.#cpumaps.has(address)) continue
      const map = this.runtime.mapAt(address)
      if (map.attributes.type === MAP_TYPE.CPUMAP) this.#cpumaps.set(address, map as CpuMap)
    }
  }

  /**
   * One round over all queues of this CPU, a budget each: plays its share of the trace, if any, polls, and handles what other
   * CPUs redirected here.
   *
   * @param row how many polls a queue may have in a row while no other queue waits
   * @returns packets handled
   */
  pollAll(row = 1): number {
    let handled = this.#player?.play(NAPI_BUDGET, row) ?? 0
    let waiting = 0
    for (const poll of this.#polls) waiting += poll.waitingQueues
    for (const poll of this.#polls) handled += poll.pollRow(waiting > 1 ? 1 : row)
    return this.#cpumaps.size === 0 ? handled : handled + this.#cpumapThread.poll()
  }

  /** Packets that other CPUs redirected here and that wait. */
  get redirected(): number {
    let waiting = 0
    for (const map of this.#cpumaps.values()) {
      const queue = map.queue(this.#cpu.id)
      if (queue !== 0) waiting += waitingFrames(this.#memory, queue)
    }
    return waiting
  }

  /**
   * One poll of one queue, for who keeps a clock of its own.
   *
   * @param card place of the card among the ports
   * @returns packets handled
   */
  poll(card: number, queue: number, budget: number): number {
    return (this.#polls[card] as DriverPoll).poll(queue, budget)
  }

  /** Handles what other CPUs redirected here, for who keeps a clock of its own. @returns packets handled */
  pollRedirected(): number {
    return this.#cpumaps.size === 0 ? 0 : this.#cpumapThread.poll()
  }

  /** Packets of the trace that this CPU has still to play. */
  get left(): number {
    return this.#player?.left ?? 0
  }

  /** Plays no more of the trace. */
  halt(): void {
    this.#player?.stop()
  }

  /** Gives back what the engine holds for this CPU. */
  close(): void {
    this.runtime.close()
  }

  /** The first fault of a program on this CPU, if any. */
  fault(): ExecutionFault | undefined {
    for (const poll of this.#polls) {
      const fault = poll.fault()
      if (fault !== undefined) return fault
    }
    return this.#cpumapThread.fault
  }
}
