/** Installs what the main thread translated, and runs it on a CPU of its own. */
import { parentPort, workerData } from 'node:worker_threads'
import { attachCpu, returnU32, type Translation } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { addressOf } from '../src/foreign-functions.ts'
import { createNativeEngine } from '../src/index.ts'
import { PROG_ARRAY } from './harness.ts'

export interface ThreadTask {
  readonly memory: WebAssembly.Memory
  readonly block: number
  readonly translation: Translation
  readonly ctx: number
  readonly runs: number
}

/** What a thread saw. */
export interface ThreadReport {
  /** Host address of guest memory. */
  readonly base: number
  /** Sum of what the runs answered. */
  readonly sum: number
}

const { memory: shared, block, translation, ctx, runs } = workerData as ThreadTask
const memory = GuestMemory.attach(shared)
const cpu = attachCpu(memory, block)
const helpers = [undefined, () => returnU32(cpu, cpu.id)]
const thread = createNativeEngine({ progArray: PROG_ARRAY }).open({ memory, helpers, tailCallTarget: () => undefined })
const program = thread.install(translation)
let sum = 0
for (let run = 0; run < runs; run++) sum += program.run(cpu, ctx)
thread.close?.()
parentPort?.postMessage({ base: addressOf(memory.u8.buffer), sum } satisfies ThreadReport)
