/**
 * A lock in one 32-bit word of guest memory, which is a spin lock for writers and a sequence counter for readers.
 *
 * The word counts up by one at each acquire and each release: it is odd while someone holds it, and a reader that sees
 * the same even number before and after knows that nothing changed in between. A zeroed word is a free lock.
 */
import type { GuestMemory } from './guest-memory.ts'
import { GuestMemoryError } from './guest-memory-error.ts'

/** Tries before the thread gives its time slice away. */
const SPINS = 2000
const WAIT_MS = 0.2
/** About ten seconds of waiting: far over any held section, short enough to report a dead holder. */
const WAITS = 50_000
/** The same where a thread may not sleep (a browser's main thread). */
const BUSY_SPINS = 2_000_000_000

let maySleep = true

/** Takes the lock at `address`, a multiple of 4. Not recursive. @throws GuestMemoryError GUEST_MEMORY_LOCK when its holder is gone */
export function acquireLock(memory: GuestMemory, address: number): void {
  const words = memory.i32
  const index = address >>> 2
  const seen = Atomics.load(words, index)
  if ((seen & 1) === 0 && Atomics.compareExchange(words, index, seen, (seen + 1) | 0) === seen) return
  acquireContended(words, index)
}

/** Gives the lock at `address` back. Only its holder may. */
export function releaseLock(memory: GuestMemory, address: number): void {
  const index = address >>> 2
  Atomics.store(memory.i32, index, ((memory.i32[index] as number) + 1) | 0)
}

/** Begins a read: the counter, even. Waits while a writer holds the lock. */
export function readSequence(memory: GuestMemory, address: number): number {
  const words = memory.i32
  const index = address >>> 2
  const seen = Atomics.load(words, index)
  return (seen & 1) === 0 ? seen : awaitEven(words, index)
}

/** True when what was read since {@link readSequence} gave `seen` is consistent. */
export function sequenceUnchanged(memory: GuestMemory, address: number, seen: number): boolean {
  return Atomics.load(memory.i32, address >>> 2) === seen
}

function acquireContended(words: Int32Array, index: number): void {
  for (;;) {
    const seen = awaitEven(words, index)
    if (Atomics.compareExchange(words, index, seen, (seen + 1) | 0) === seen) return
  }
}

function awaitEven(words: Int32Array, index: number): number {
  for (let tries = 0; tries < SPINS; tries++) {
    const seen = Atomics.load(words, index)
    if ((seen & 1) === 0) return seen
  }
  return maySleep ? sleepUntilEven(words, index) : spinUntilEven(words, index)
}

function sleepUntilEven(words: Int32Array, index: number): number {
  for (let waits = 0; waits < WAITS; waits++) {
    const seen = Atomics.load(words, index)
    if ((seen & 1) === 0) return seen
    try {
      Atomics.wait(words, index, seen, WAIT_MS)
    } catch {
      maySleep = false
      return spinUntilEven(words, index)
    }
  }
  throw stuck(index)
}

function spinUntilEven(words: Int32Array, index: number): number {
  for (let tries = 0; tries < BUSY_SPINS; tries++) {
    const seen = Atomics.load(words, index)
    if ((seen & 1) === 0) return seen
  }
  throw stuck(index)
}

function stuck(index: number): GuestMemoryError {
  return new GuestMemoryError({
    code: 'GUEST_MEMORY_LOCK',
    message: 'a lock in guest memory stays taken',
    got: `0x${(index * 4).toString(16)}`,
    hint: 'the worker that held it was ended; start again with a fresh memory',
  })
}
