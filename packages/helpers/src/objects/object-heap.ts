/**
 * Memory for what programs make while they run: objects of their own, copies of bits. It lies in one region of guest
 * memory, in blocks of powers of two, so that every thread takes from it and gives back to it.
 *
 * What is given back is not given out again at once, for others may still look at it: it waits behind so many others of
 * its size. (Linux waits for readers.)
 */
import type { Cpu } from '@bpfoundry/engine'
import { CPU_BLOCK } from '@bpfoundry/engine'
import { acquireLock, type GuestMemory, releaseLock, type StructLayout, structLayout } from '@bpfoundry/guest-memory'

const SMALLEST_SHIFT = 5
const LARGEST_SHIFT = 16
const CLASSES = LARGEST_SHIFT - SMALLEST_SHIFT + 1
/** Blocks of a size that wait, once as many were given back, before the first of them is given out again. */
const WAITING = 64

type HeapField = 'lock' | 'next' | 'end' | 'live' | 'cpus' | 'first' | 'last' | 'waiting'

/** The start of the region. */
const HEAP: StructLayout<HeapField> = structLayout({
  lock: 'u32',
  /** Address of what was never given out. */
  next: 'u32',
  end: 'u32',
  /** Blocks that are out. */
  live: 'u32',
  cpus: 'u32',
  /** The queue of each size: first and last block, how many. */
  first: ['u32', CLASSES],
  last: ['u32', CLASSES],
  waiting: ['u32', CLASSES],
})

/** In front of each block's bytes. */
const BLOCK: StructLayout<'shift' | 'next' | 'cpuStride' | 'out'> = structLayout({
  /** Its size as a power of two. */
  shift: 'u32',
  /** The next one in its queue. */
  next: 'u32',
  /** Bytes from CPU to CPU. */
  cpuStride: 'u32',
  /** {@link OUT} while somebody has it. */
  out: 'u32',
})
/** "BOUT", little-endian. */
const OUT = 0x54554f42
const BLOCK_HEADER_BYTES = 16

const word = (address: number, field: HeapField): number => (address + HEAP.fields[field].offsetBytes) >>> 2
const blockWord = (payload: number, field: keyof typeof BLOCK.fields): number =>
  (payload - BLOCK_HEADER_BYTES + BLOCK.fields[field].offsetBytes) >>> 2

/** The heap of a memory, as any thread sees it. */
export class ObjectHeap {
  readonly #memory: GuestMemory
  readonly #address: number

  constructor(memory: GuestMemory, address: number) {
    this.#memory = memory
    this.#address = address
  }

  /** Begins a heap in a fresh region of zeros. */
  static create(memory: GuestMemory, address: number, sizeBytes: number, cpus: number): ObjectHeap {
    memory.u32[word(address, 'next')] = address + Math.ceil(HEAP.sizeBytes / 64) * 64
    memory.u32[word(address, 'end')] = address + sizeBytes
    memory.u32[word(address, 'cpus')] = cpus
    return new ObjectHeap(memory, address)
  }

  /** Blocks that were taken and not given back. */
  get live(): number {
    return this.#memory.u32[word(this.#address, 'live')] as number
  }

  get cpus(): number {
    return this.#memory.u32[word(this.#address, 'cpus')] as number
  }

  /** Address of so many zeros, a multiple of 16; 0 where there is no room. */
  take(bytes: number): number {
    const shift = Math.max(SMALLEST_SHIFT, 32 - Math.clz32(bytes + BLOCK_HEADER_BYTES - 1))
    if (shift > LARGEST_SHIFT) return 0
    const { u32 } = this.#memory
    acquireLock(this.#memory, this.#address)
    const payload = this.#oldest(shift) || this.#fresh(shift)
    if (payload !== 0) u32[word(this.#address, 'live')]! += 1
    releaseLock(this.#memory, this.#address)
    if (payload === 0) return 0
    this.#memory.u8.fill(0, payload, payload + 2 ** shift - BLOCK_HEADER_BYTES)
    u32[blockWord(payload, 'shift')] = shift
    u32[blockWord(payload, 'cpuStride')] = 0
    u32[blockWord(payload, 'out')] = OUT
    return payload
  }

  /** As {@link take}, so many bytes for each CPU, one behind the other; all are given back by the first's address. */
  takePerCpu(bytes: number): number {
    const stride = Math.ceil(bytes / 8) * 8
    const payload = this.take(stride * this.cpus)
    if (payload !== 0) this.#memory.u32[blockWord(payload, 'cpuStride')] = stride
    return payload
  }

  /** Whether this is the address of what {@link take} gave out: any number may be asked about. */
  isOut(payload: number): boolean {
    const { u32 } = this.#memory
    const isWithin = payload > this.#address && payload < (u32[word(this.#address, 'next')] as number)
    return isWithin && payload % BLOCK_HEADER_BYTES === 0 && u32[blockWord(payload, 'out')] === OUT
  }

  /** Gives back what {@link take} gave out. */
  give(payload: number): void {
    const { u32 } = this.#memory
    const shift = u32[blockWord(payload, 'shift')] as number
    const size = shift - SMALLEST_SHIFT
    acquireLock(this.#memory, this.#address)
    const last = u32[word(this.#address, 'last') + size] as number
    u32[blockWord(payload, 'next')] = 0
    u32[blockWord(payload, 'out')] = 0
    if (last === 0) u32[word(this.#address, 'first') + size] = payload
    else u32[blockWord(last, 'next')] = payload
    u32[word(this.#address, 'last') + size] = payload
    u32[word(this.#address, 'waiting') + size]! += 1
    u32[word(this.#address, 'live')]! -= 1
    releaseLock(this.#memory, this.#address)
  }

  /** The block that waits longest; 0 where too few wait. */
  #oldest(shift: number): number {
    const { u32 } = this.#memory
    const size = shift - SMALLEST_SHIFT
    const waiting = word(this.#address, 'waiting') + size
    if ((u32[waiting] as number) <= WAITING) return 0
    const first = word(this.#address, 'first') + size
    const payload = u32[first] as number
    u32[first] = u32[blockWord(payload, 'next')] as number
    u32[waiting]! -= 1
    return payload
  }

  #fresh(shift: number): number {
    const { u32 } = this.#memory
    const next = word(this.#address, 'next')
    const block = u32[next] as number
    if (block + 2 ** shift > (u32[word(this.#address, 'end')] as number)) return 0
    u32[next] = block + 2 ** shift
    return block + BLOCK_HEADER_BYTES
  }
}

/** Bytes from the value of one CPU to the next one's, of what {@link ObjectHeap.takePerCpu} gave out. */
export function cpuStrideOf(memory: GuestMemory, payload: number): number {
  return memory.u32[blockWord(payload, 'cpuStride')] as number
}

const OBJECTS = CPU_BLOCK.fields.objects.offsetBytes

/** The heap that programs on this CPU take from; undefined where there is none. */
export function heapOf({ block, memory }: Cpu): ObjectHeap | undefined {
  const address = memory.u32[(block + OBJECTS) >>> 2] as number
  return address === 0 ? undefined : new ObjectHeap(memory, address)
}
