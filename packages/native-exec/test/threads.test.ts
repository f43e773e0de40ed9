import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { allocateCpu, returnU32 } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_ATOMIC_OP,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { addressOf } from '../src/foreign-functions.ts'
import { createNativeEngine, nativeEngineAvailable } from '../src/index.ts'
import { countsOf, imageOf, PROG_ARRAY } from './harness.ts'
import type { ThreadReport, ThreadTask } from './thread-worker.ts'

const hook = createRequire(import.meta.url).resolve('../../../tools/typescript-hook/register.mjs')
const THREADS = 2
const RUNS = 5000

function start(task: ThreadTask): Promise<ThreadReport> {
  return new Promise((resolve, reject) => {
    const execArgv = ['--import', hook, '--conditions=source']
    const worker = new Worker(new URL('./thread-worker.ts', import.meta.url), { workerData: task, execArgv })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

/** *(u64 *)(ctx) += 1; r0 = helper 1 + 1 */
const PROGRAM = [
  BPF_MOV64_IMM(2, 1),
  BPF_ATOMIC_OP(BPF_DW, BPF_ADD, 1, 2, 0),
  BPF_MOV64_REG(6, 1),
  BPF_EMIT_CALL(1),
  BPF_ALU64_IMM(BPF_ADD, 0, 1),
  BPF_EXIT_INSN(),
]

describe('worker threads', () => {
  it('run the code that the main thread placed, each on its CPU, on memory at one base', async (context) => {
    const availability = nativeEngineAvailable()
    if (!availability.available) return context.skip(availability.reason)
    const memory = GuestMemory.create({ maximumBytes: 1 << 24 })
    const cell = memory.allocate('cell', 'scratch', 64).address
    const cpus = Array.from({ length: THREADS + 1 }, (_, id) => allocateCpu(memory, id))
    const [own, ...theirs] = cpus as [(typeof cpus)[number], ...typeof cpus]
    const engine = createNativeEngine({ progArray: PROG_ARRAY })
    const translation = engine.translate(imageOf(1, PROGRAM))
    const helpers = [undefined, () => returnU32(own, 100)]
    const program = engine.open({ memory, helpers, tailCallTarget: () => undefined }).install(translation)
    const started = theirs.map(({ block }) =>
      start({ memory: memory.memory, block, translation, ctx: cell, runs: RUNS }),
    )
    let sum = 0
    for (let run = 0; run < RUNS; run++) sum += program.run(own, cell)
    expect(sum).toBe(RUNS * 101)
    const reports = await Promise.all(started)
    const base = addressOf(memory.u8.buffer)
    expect(reports).toEqual(theirs.map(({ id }) => ({ base, sum: RUNS * (id + 1) })))
    expect(memory.view.getBigUint64(cell, true)).toBe(BigInt(RUNS * cpus.length))
    const counts = { executedInsns: RUNS * PROGRAM.length, helperCalls: RUNS, tailCalls: 0 }
    expect(cpus.map(countsOf)).toEqual(cpus.map(() => counts))
    engine.release?.(translation)
  })
})
