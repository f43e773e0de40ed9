import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { acquireLock, GuestMemory, readSequence, releaseLock, sequenceUnchanged } from '../src/index.ts'

const HOOK = new URL('../../../tools/typescript-hook/register.mjs', import.meta.url).href

function startWorker(file: string, workerData: object): Worker {
  return new Worker(new URL(file, import.meta.url), {
    workerData,
    execArgv: ['--conditions=source', '--import', HOOK],
  })
}

describe('attached threads', () => {
  it('see the owner’s writes and growth after refresh', () => {
    const owner = GuestMemory.create({ maximumBytes: 2 ** 22 })
    const other = GuestMemory.attach(owner.memory)
    const far = owner.allocate('far', 'scratch', 2 ** 20)
    owner.u8[far.address + far.sizeBytes - 1] = 5
    expect(other.u8[far.address + far.sizeBytes - 1]).toBeUndefined()
    other.refresh()
    expect(other.u8[far.address + far.sizeBytes - 1]).toBe(5)
    expect(other.owner).toBe(false)
    expect(other.availableBytes).toBe(0)
  })

  it('lose no update and see no torn pair under the lock word', async () => {
    const memory = GuestMemory.create({ maximumBytes: 2 ** 20 })
    const { address } = memory.allocate('lock and words', 'scratch', 256)
    const rounds = 20_000
    const workers = [1, 2, 3].map(() => startWorker('./lock-worker.ts', { memory: memory.memory, address, rounds }))
    const codes = await Promise.all(workers.map((worker) => once(worker, 'exit')))
    expect(codes.flat()).toEqual([0, 0, 0])
    expect(memory.u32[(address + 192) >>> 2], 'torn pairs seen').toBe(0)
    expect(memory.u32[(address + 64) >>> 2]).toBe(3 * rounds)
    expect(memory.u32[(address + 128) >>> 2]).toBe(3 * rounds)
  })
})

describe('lock word', () => {
  const memory = GuestMemory.create({ maximumBytes: 2 ** 20 })
  const { address } = memory.allocate('lock', 'scratch', 64)

  it('is odd while held, and a reader notices that it changed', () => {
    const seen = readSequence(memory, address)
    expect(sequenceUnchanged(memory, address, seen)).toBe(true)
    acquireLock(memory, address)
    expect((memory.u32[address >>> 2] as number) & 1).toBe(1)
    releaseLock(memory, address)
    expect(sequenceUnchanged(memory, address, seen)).toBe(false)
    expect(readSequence(memory, address) & 1).toBe(0)
  })

  it('wraps without becoming stuck', () => {
    memory.i32[address >>> 2] = -2
    acquireLock(memory, address)
    expect(memory.i32[address >>> 2]).toBe(-1)
    releaseLock(memory, address)
    expect(memory.i32[address >>> 2]).toBe(0)
  })
})
