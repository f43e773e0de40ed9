/** Adds to a shared counter, atomically and not, as arm64 code in this thread's own process. */
import { workerData } from 'node:worker_threads'
import { attachCpu, compileProgram } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { assembleLlvm } from '@bpfoundry/isa'
import { createRemoteArm64Engine } from '../../src/remote/index.ts'
import { imageOf, PROG_ARRAY } from '../harness.ts'

interface Task {
  readonly memory: WebAssembly.Memory
  readonly block: number
  readonly counter: number
  readonly turns: number
}

const task = workerData as Task
const memory = GuestMemory.attach(task.memory)
const engine = createRemoteArm64Engine({ progArray: PROG_ARRAY })
const { insns } = assembleLlvm(`
r2 = ${task.turns}
loop: r3 = 1
lock *(u64 *)(r1 + 0) += r3
r3 = 1
r3 = atomic_fetch_add((u64 *)(r1 + 8), r3)
r2 += -1
if r2 != 0 goto loop
r0 = 7
exit`)
const environment = { memory, helpers: [], tailCallTarget: () => undefined }
const result = compileProgram(engine, imageOf(1, insns), environment).run(attachCpu(memory, task.block), task.counter)
if (result !== 7) throw new Error(`got ${result}`)
engine.close()
