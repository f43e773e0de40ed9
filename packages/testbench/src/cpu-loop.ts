import {
  createDriverPoll,
  type DriverPoll,
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
  /** Takes what programs print. */
  readonly trace: (cpu: number, text: string) => void
}

/** One emulated CPU: its programs and its queues of every card. The same in a worker and in the single-thread mode. */
export class CpuLoop {
  readonly runtime: Runtime
  readonly #polls: readonly DriverPoll[]
  readonly #player: TracePlayer | undefined

  constructor(options: CpuLoopOptions) {
    const { memory, cpu, ports, trace } = options
    const handles = ports.map(({ handle }) => handle)
    this.runtime = new Runtime(memory, {
      engine: engineByName(options.engine),
      trace: (from, text) => trace(from.id, text),
    })
    for (const translation of options.translations) this.runtime.install(translation)
    this.#polls = ports.map((port) =>
      createDriverPoll({
        memory,
        nic: port.handle,
        cpu,
        programs: (id) => this.runtime.program(id),
        polls: (id) => this.runtime.program(pollProgramId(id)),
        stages: stagesOf(port),
        redirectTargets: () => handles,
      }),
    )
    const wire = this.runtime.program(WIRE_PROGRAM_ID)
    if (options.play !== undefined) {
      this.#player = new TracePlayer({ memory, cpu, ...options.play, ...(wire === undefined ? {} : { wire }) })
    }
  }

  /** One round over all queues of this CPU, a budget each: plays its share of the trace, if any, and polls. @returns packets handled */
  pollAll(): number {
    let handled = this.#player?.play(NAPI_BUDGET) ?? 0
    for (const poll of this.#polls) handled += poll.pollAll()
    return handled
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
    return undefined
  }
}
