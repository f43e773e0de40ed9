import { workerData } from 'node:worker_threads'
import { acquireLock, GuestMemory, readSequence, releaseLock, sequenceUnchanged } from '../src/index.ts'

/** Increments two plain words under a lock, and checks on the way that readers never see them apart. */
const {
  memory: shared,
  address,
  rounds,
} = workerData as { memory: WebAssembly.Memory; address: number; rounds: number }
const memory = GuestMemory.attach(shared)
const at = (address + 64) >>> 2
let torn = 0
for (let round = 0; round < rounds; round++) {
  acquireLock(memory, address)
  memory.u32[at] = (memory.u32[at] as number) + 1
  memory.u32[at + 16] = (memory.u32[at + 16] as number) + 1
  releaseLock(memory, address)
  const seen = readSequence(memory, address)
  const [one, two] = [memory.u32[at], memory.u32[at + 16]]
  if (sequenceUnchanged(memory, address, seen) && one !== two) torn++
}
Atomics.add(memory.i32, (address + 192) >>> 2, torn)
