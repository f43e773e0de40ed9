import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { allocateCpu } from '@bpfoundry/engine'
import { GuestMemory, type Region } from '@bpfoundry/guest-memory'
import { MAP_TYPE, mapTypeName } from '@bpfoundry/kernel-abi'
import { afterAll, expect, it } from 'vitest'
import type { BpfMap } from '../src/index.ts'
import type { MapTuple } from './kernel-maps.ts'
import { makeMap } from './map-under-test.ts'
import type { StressJob } from './stress-worker.ts'

const HOOK = new URL('../../../tools/typescript-hook/register.mjs', import.meta.url).href
const WORKERS = 3

/** Started once: that takes longer than most jobs. */
const workers = Array.from(
  { length: WORKERS },
  () =>
    new Worker(new URL('./stress-worker.ts', import.meta.url), {
      execArgv: ['--conditions=source', '--import', HOOK],
    }),
)
afterAll(() => Promise.all(workers.map((worker) => worker.terminate())))

/** Runs the job in all workers at once; answers how often something happened that must not. */
async function stress(
  memory: GuestMemory,
  map: BpfMap,
  job: Pick<StressJob, 'job' | 'rounds' | 'keys' | 'permanent'> & { readonly inlined?: boolean },
): Promise<number> {
  const areas = Array.from({ length: WORKERS }, () => memory.allocate('worker', 'scratch', 256))
  const cpuBlocks = areas.map((_, cpu) => (job.inlined === true ? allocateCpu(memory, cpu).block : 0))
  const done = workers.map((worker, cpu) => {
    const [cpuBlock, scratch] = [cpuBlocks[cpu] as number, (areas[cpu] as Region).address]
    const message: StressJob = { ...job, memory: memory.memory, map: map.address, scratch, cpu, cpuBlock }
    worker.postMessage(message)
    return once(worker, 'message')
  })
  await Promise.all(done)
  for (const { address } of areas) expect(memory.u32[(address + 132) >>> 2]).toBe(job.rounds)
  return areas.reduce((sum, { address }) => sum + (memory.u32[(address + 128) >>> 2] as number), 0)
}

const keyOf = (map: BpfMap, n: number): Uint8Array => {
  const key = new Uint32Array(map.attributes.keySizeBytes / 4)
  const lpm = map.attributes.type === MAP_TYPE.LPM_TRIE
  key[0] = lpm ? 32 : n
  if (lpm) key[1] = Math.imul(n, 0x9e3779b1)
  return new Uint8Array(key.buffer)
}

it.each<[MapTuple, boolean]>([
  [[MAP_TYPE.HASH, 4, 8, 64, 0], false],
  [[MAP_TYPE.HASH, 4, 8, 64, 0], true],
  [[MAP_TYPE.HASH, 8, 16, 64, 0], true],
  [[MAP_TYPE.LRU_HASH, 4, 8, 64, 0], false],
  [[MAP_TYPE.LPM_TRIE, 8, 8, 64, 1], false],
])('no count is lost when workers insert and add at once: %j, inlined %j', async (tuple, inlined) => {
  const memory = GuestMemory.create()
  const map = makeMap(tuple, WORKERS, memory)
  const rounds = inlined ? 3000 : 12_000
  await stress(memory, map, { job: 'count', rounds, keys: 50, permanent: 0, inlined })
  const counts = [...map.entries()].map(([, value]) => new Uint32Array(value.buffer)[0] as number)
  expect(counts.length).toBe(50)
  expect(map.count).toBe(50)
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(WORKERS * rounds)
})

it.each<[MapTuple, boolean]>([
  [[MAP_TYPE.HASH, 4, 8, 100, 0], false],
  [[MAP_TYPE.HASH, 4, 8, 100, 0], true],
  [[MAP_TYPE.HASH, 8, 8, 100, 0], false],
  [[MAP_TYPE.PERCPU_HASH, 4, 8, 100, 0], false],
  [[MAP_TYPE.LRU_HASH, 4, 8, 40, 0], false],
  [[MAP_TYPE.LRU_PERCPU_HASH, 4, 8, 40, 0], false],
  [[MAP_TYPE.LPM_TRIE, 8, 8, 100, 1], true],
])('under concurrent updates and deletions keys that stay are always found: %j, inlined %j', async (tuple, inlined) => {
  const memory = GuestMemory.create()
  const map = makeMap(tuple, WORKERS, memory)
  const lru = mapTypeName(tuple[0]).startsWith('lru')
  const permanent = lru ? 0 : 10
  for (let n = 0; n < permanent; n++) {
    const value = new Uint8Array(map.syscallValueBytes)
    expect(map.updateElement(keyOf(map, n), value)).toBe(0)
  }
  expect(
    await stress(memory, map, { job: 'churn', rounds: inlined ? 5000 : 15_000, keys: 90, permanent, inlined }),
  ).toBe(0)
  const entries = [...map.entries()]
  expect(entries.length).toBe(map.count)
  expect(new Set(entries.map(([key]) => key.toString())).size).toBe(entries.length)
  for (const [key] of entries) expect(map.deleteElement(key)).toBe(0)
  expect(map.count).toBe(0)
  // No element got lost: there is room for as many as before.
  const value = new Uint8Array(map.syscallValueBytes)
  for (let n = 0; n < map.attributes.maxEntries; n++) expect(map.updateElement(keyOf(map, n), value)).toBe(0)
  expect(map.count).toBe(map.attributes.maxEntries)
  expect([...map.entries()].length).toBe(map.attributes.maxEntries)
})
