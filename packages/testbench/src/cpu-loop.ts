import { createDriverPoll, type DriverPoll } from '@bpfoundry/device'
import type { Cpu, ExecutionFault, Translation } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { Runtime } from '@bpfoundry/kernel'
import type { CardPort } from './card-port.ts'
import { engineByName } from './engines.ts'
import { stagesOf } from './stages.ts'

/** What an emulated CPU works with, in any thread. */
export interface CpuLoopOptions {
  readonly memory: GuestMemory
  readonly cpu: Cpu
  readonly engine: string
  readonly translations: readonly Translation[]
  readonly ports: readonly CardPort[]
  /** Takes what programs print. */
  readonly trace: (cpu: number, text: string) => void
}

/** One emulated CPU: its programs and its queues of every card. The same in a worker and in the single-thread mode. */
export class CpuLoop {
  readonly runtime: Runtime
  readonly #polls: readonly DriverPoll[]

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
        stages: stagesOf(port),
        redirectTargets: () => handles,
      }),
    )
  }

  /** One round over all queues of this CPU, a budget each. @returns packets handled */
  pollAll(): number {
    let handled = 0
    for (const poll of this.#polls) handled += poll.pollAll()
    return handled
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
