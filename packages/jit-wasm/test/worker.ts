/** Runs a program that was translated in another thread, again and again. */
import { workerData } from 'node:worker_threads'
import { attachCpu, type Translation } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createWasmEngine } from '../src/index.ts'

export interface WorkerTask {
  readonly memory: WebAssembly.Memory
  readonly block: number
  readonly translation: Translation
  readonly ctx: number
  readonly turns: number
}

const { memory, block, translation, ctx, turns } = workerData as WorkerTask
const attached = GuestMemory.attach(memory)
const engine = createWasmEngine({ progArray: { maxEntriesOffsetBytes: 0, slotsOffsetBytes: 8 } })
const thread = engine.open({ memory: attached, helpers: [], tailCallTarget: () => undefined })
const program = thread.install(translation)
const cpu = attachCpu(attached, block)
for (let turn = 0; turn < turns; turn++) program.run(cpu, ctx)
