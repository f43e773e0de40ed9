/**
 * The queue of a cpumap entry, in guest memory: addresses of frames on their way to another CPU.
 *
 * ```
 *  +0    lock word of the producers: any CPU may redirect here
 *  +4    tail: frames ever put in (u32, wraps)     written under the lock
 *  +64   head: frames ever taken out (u32, wraps)  written by the entry's CPU only
 *  +128  u32 frame addresses, index & 16383
 * ```
 *
 * There are places for the longest queue that Linux allows; how many are used is the entry's to say. The low bits of an
 * address are free: the drivers mark frames by them.
 */
import { acquireLock, type GuestMemory, releaseLock } from '@bpfoundry/guest-memory'

/** What a queue can be asked to hold. @see cpu_map_update_elem in kernel/bpf/cpumap.c */
export const LONGEST_CPUMAP_QUEUE = 16_384

const TAIL = 4
const HEAD = 64
const PLACES = 128
const MASK = LONGEST_CPUMAP_QUEUE - 1

/** Bytes of a queue. */
export const CPUMAP_QUEUE_BYTES: number = PLACES + 4 * LONGEST_CPUMAP_QUEUE

/**
 * Puts frames in, as many as fit. By any CPU.
 *
 * @param qsize how many the queue may hold
 * @returns how many were put in; the others are still the caller's
 */
export function produceFrames(
  memory: GuestMemory,
  queue: number,
  qsize: number,
  frames: Uint32Array,
  count: number,
): number {
  const { i32, u32 } = memory
  acquireLock(memory, queue)
  const tail = i32[(queue + TAIL) >>> 2] as number
  const free = qsize - ((tail - Atomics.load(i32, (queue + HEAD) >>> 2)) | 0)
  const put = Math.max(0, Math.min(free, count))
  for (let n = 0; n < put; n++) u32[((queue + PLACES) >>> 2) + ((tail + n) & MASK)] = frames[n] as number
  Atomics.store(i32, (queue + TAIL) >>> 2, (tail + put) | 0)
  releaseLock(memory, queue)
  return put
}

/** Frames that wait. */
export function waitingFrames({ i32 }: GuestMemory, queue: number): number {
  return (Atomics.load(i32, (queue + TAIL) >>> 2) - Atomics.load(i32, (queue + HEAD) >>> 2)) | 0
}

/** Copies the first `count` waiting frames out; {@link releaseFrames} makes room for others. By the entry's CPU. */
export function peekFrames({ i32, u32 }: GuestMemory, queue: number, frames: Uint32Array, count: number): void {
  const head = i32[(queue + HEAD) >>> 2] as number
  for (let n = 0; n < count; n++) frames[n] = u32[((queue + PLACES) >>> 2) + ((head + n) & MASK)] as number
}

/** Takes the first `count` waiting frames out. By the entry's CPU. */
export function releaseFrames({ i32 }: GuestMemory, queue: number, count: number): void {
  const at = (queue + HEAD) >>> 2
  Atomics.store(i32, at, ((i32[at] as number) + count) | 0)
}
