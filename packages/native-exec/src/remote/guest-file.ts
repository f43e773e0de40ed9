/**
 * Guest memory as a file that another process maps, too. The pages of a WebAssembly.Memory are V8's, but only by number:
 * a file mapped over them, with the same contents, goes unnoticed, and the addresses stay. From then on both processes,
 * and all threads of this one, read and write the same pages; nothing is copied around a run.
 *
 * Between the copy and the mapping another thread's writes would be lost: a memory should be shared before others work on
 * it, as opening an engine in each worker does.
 */
import { closeSync, fstatSync, readdirSync, readFileSync } from 'node:fs'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { addressOf } from '../foreign-functions.ts'
import { sharedMemoryCalls } from './shared-memory.ts'

const NAME = 'bpfoundry-guest'
/** Stretches that are looked at for something to copy; the rest of a file is zero by itself. */
const CHUNK_BYTES = 65_536

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
const forgotten = new FinalizationRegistry<number>((fd) => closeSync(fd))

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
  const shared = findMapped(base)
  const fd = shared?.fd ?? calls.createFile(NAME, 0)
  // Another thread's file is that thread's to close.
  if (shared === undefined) forgotten.register(memory.memory, fd)
  let lengthBytes = shared?.lengthBytes ?? 0
  const extend = (): number => {
    memory.refresh()
    const wanted = memory.byteLength
    if (wanted > lengthBytes && !(isMappedUpTo(base, wanted) && lengthBytes > 0)) {
      calls.resizeFile(fd, wanted)
      copyChunks(memory.u8, base, lengthBytes, wanted, fd)
      calls.mapOver(base + lengthBytes, fd, lengthBytes, wanted - lengthBytes)
    }
    lengthBytes = wanted
    return wanted
  }
  extend()
  return { path: `/proc/${process.pid}/fd/${fd}`, fd, extend }
}

/** Copies the chunks that hold something. */
function copyChunks(bytes: Uint8Array, base: number, from: number, to: number, fd: number): void {
  for (let at = from; at < to; at += CHUNK_BYTES) {
    const chunk = new BigUint64Array(bytes.buffer, at, CHUNK_BYTES / 8)
    if (chunk.some((word) => word !== 0n)) sharedMemoryCalls().copyToFile(fd, at, base + at, CHUNK_BYTES)
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

/** Whether another thread put the file under all of it already. */
function isMappedUpTo(base: number, lengthBytes: number): boolean {
  return mappings().some(({ start, end }) => start <= base && end >= base + lengthBytes)
}

/** The file that another thread put under this memory. */
function findMapped(base: number): { readonly fd: number; readonly lengthBytes: number } | undefined {
  const mapping = mappings().find(({ start, end }) => start <= base && base < end)
  if (mapping === undefined) return undefined
  for (const entry of readdirSync('/proc/self/fd')) {
    const fd = Number(entry)
    if (inodeOf(fd) === mapping.inode) return { fd, lengthBytes: mapping.end - base }
  }
  return undefined
}

/** The descriptor may be gone since it was listed: the one that listed them is. */
function inodeOf(fd: number): number | undefined {
  try {
    return fstatSync(fd).ino
  } catch {
    return undefined
  }
}
