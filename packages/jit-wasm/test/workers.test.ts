import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { allocateCpu, CPU_BLOCK } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { assembleLlvm } from '@bpfoundry/isa'
import { expect, it } from 'vitest'
import { createWasmEngine } from '../src/index.ts'
import { imageOf, PROG_ARRAY } from './twins.ts'
import type { WorkerTask } from './worker.ts'

const hook = createRequire(import.meta.url).resolve('../../../tools/typescript-hook/register.mjs')
const WORKERS = 2
const TURNS = 20_000

/** Adds 1 at +0, 2^32 + 1 at +8 with the old value, and, retrying a compare-exchange, 1 at +16. */
const ADDITIONS = `
r2 = 1
lock *(u64 *)(r1 + 0) += r2
r3 = 0x100000001 ll
r3 = atomic_fetch_add((u64 *)(r1 + 8), r3)
again: r0 = *(u64 *)(r1 + 16)
r4 = r0
r5 = r0
r5 += 1
r0 = cmpxchg_64(r1 + 16, r0, r5)
if r0 != r4 goto again
exit`

it('translated once, runs in workers on one memory; no atomic addition is lost', { timeout: 60_000 }, async () => {
  const memory = GuestMemory.create({ maximumBytes: 2 ** 24 })
  const cells = memory.allocate('cells', 'scratch', 64).address
  const translation = createWasmEngine({ progArray: PROG_ARRAY }).translate(imageOf(assembleLlvm(ADDITIONS).insns))
  const cpus = Array.from({ length: WORKERS }, (_, id) => allocateCpu(memory, id))
  const run = (block: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const workerData: WorkerTask = { memory: memory.memory, block, translation, ctx: cells, turns: TURNS }
      const execArgv = ['--import', hook, '--conditions=source']
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData, execArgv })
      worker.on('error', reject)
      worker.on('exit', () => resolve())
    })
  await Promise.all(cpus.map(({ block }) => run(block)))
  const total = BigInt(WORKERS * TURNS)
  const cell = (offset: number): bigint => memory.view.getBigUint64(cells + offset, true)
  expect([cell(0), cell(8), cell(16)]).toEqual([total, total * 0x100000001n, total])
  const executed = cpus.map(({ block }) => memory.f64[(block + CPU_BLOCK.fields.executedInsns.offsetBytes) >>> 3])
  for (const insns of executed) expect(insns).toBeGreaterThanOrEqual(11 * TURNS)
})
