/**
 * Guest memory as a file that another process maps, too. The pages of a WebAssembly.Memory are V8's, but only by number:
 * a file mapped over them, with the same contents, goes unnoticed, and the addresses stay. From then on both processes,
 * and all threads of this one, read and write the same pages; nothing is copied around a run.
 *
 * Between the copy and the mapping another thread's writes would be lost: a memory should be shared before others work on
 * it, as opening an engine in each worker does.
 */
import { fstatSync, readdirSync, readFileSync } from 'node:fs'
import { type GuestMemory, NULL_PAGE_BYTES } from '@bpfoundry/guest-memory'
import { addressOf } from '../foreign-functions.ts'
import { sharedMemoryCalls } from './shared-memory.ts'

const NAME = 'bpfoundry-guest'
/** Stretches that are looked at for something to copy; the rest of a file is zero by itself. */
const CHUNK_BYTES = 65_536
const ZEROS = new Uint8Array(CHUNK_BYTES)

/** A guest memory and the file that lies under it. */
export interface GuestFile {
  /** For who opens the file in another process: `/proc/PID/fd/FD`. */
  readonly path: string
  readonly fd: number
  /** Takes over what memory grew by; the length in bytes. @throws NativeExecError NATIVE_MAP */
  extend(): number
}

const known = new WeakMap<WebAssembly.Memory, GuestFile>()
/** The file ends with the last memory that lies on it: descriptors are few. */
const forgotten = new FinalizationRegistry<number>((fd) => sharedMemoryCalls().close(fd))

/** The file under a guest memory; puts one there at the first call. @throws NativeExecError NATIVE_MAP, NATIVE_PLATFORM */
export function guestFile(memory: GuestMemory): GuestFile {
  const found = known.get(memory.memory)
  if (found !== undefined) return found
  const file = createGuestFile(memory)
  known.set(memory.memory, file)
  return file
}

function createGuestFile(memory: GuestMemory): GuestFile {
  const calls = sharedMemoryCalls()
  const base = addressOf(memory.u8.buffer)
  let lengthBytes = 0
  /** Puts the file under what it does not lie under yet. */
  const cover = (fd: number): void => {
    memory.refresh()
    const wanted = memory.byteLength
    const covered = mappedBytes(base)
    if (covered < wanted) {
      calls.resizeFile(fd, wanted)
      copyChunks(memory.u8, base, covered, wanted, fd)
      calls.mapOver(base + covered, fd, covered, wanted - covered)
    }
    lengthBytes = wanted
  }
  const fd = locked(memory, () => {
    const found = openMapped(base) ?? calls.createFile(NAME, 0)
    cover(found)
    return found
  })
  forgotten.register(memory.memory, fd)
  const extend = (): number => {
    memory.refresh()
    if (memory.byteLength > lengthBytes) locked(memory, () => cover(fd))
    return lengthBytes
  }
  return { path: `/proc/${process.pid}/fd/${fd}`, fd, extend }
}

/** The last word of the null page, which no guest program can write: taken while a thread changes what lies where. */
const LOCK = (NULL_PAGE_BYTES >>> 2) - 1
const LOCK_WAIT_MS = 10

function locked<T>({ i32 }: GuestMemory, change: () => T): T {
  while (Atomics.compareExchange(i32, LOCK, 0, 1) !== 0) Atomics.wait(i32, LOCK, 1, LOCK_WAIT_MS)
  try {
    return change()
  } finally {
    // Probing loads of the interpreter find zeros in this page.
    Atomics.store(i32, LOCK, 0)
    Atomics.notify(i32, LOCK)
  }
}

/** Copies the chunks that hold something. */
function copyChunks(bytes: Uint8Array, base: number, from: number, to: number, fd: number): void {
  for (let at = from; at < to; at += CHUNK_BYTES) {
    const chunk = bytes.subarray(at, at + CHUNK_BYTES)
    if (Buffer.compare(chunk, ZEROS) !== 0) sharedMemoryCalls().copyToFile(fd, at, base + at, CHUNK_BYTES)
  }
}

/** A line of /proc/self/maps that one of our files lies at. */
interface Mapping {
  readonly start: number
  readonly end: number
  readonly inode: number
}

function mappings(): Mapping[] {
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n')
  return lines
    .filter((line) => line.includes(`/memfd:${NAME}`))
    .map((line) => {
      const [range = '', , , , inode] = line.split(/\s+/)
      const [start = '', end = ''] = range.split('-')
      return { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), inode: Number(inode) }
    })
}

/** How much of the memory at `base` lies on a file of ours: pieces in a row, as it grew. */
function mappedBytes(base: number): number {
  let end = base
  for (const mapping of mappings()) if (mapping.start <= end && mapping.end > end) end = mapping.end
  return end - base
}

/** A descriptor of one's own for the file that another thread put under this memory. */
function openMapped(base: number): number | undefined {
  const mapping = mappings().find(({ start, end }) => start <= base && base < end)
  if (mapping === undefined) return undefined
  const fd = readdirSync('/proc/self/fd').find((entry) => inodeOf(Number(entry)) === mapping.inode)
  return fd === undefined ? undefined : sharedMemoryCalls().open(`/proc/self/fd/${fd}`)
}

/** The descriptor may be gone since it was listed: the one that listed them is. */
function inodeOf(fd: number): number | undefined {
  try {
    return fstatSync(fd).ino
  } catch {
    return undefined
  }
}
