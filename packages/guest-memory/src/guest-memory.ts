import { FreeList, roundUp } from './free-list.ts'
import { GuestMemoryError } from './guest-memory-error.ts'

/** Size of a WebAssembly page; guest memory grows in these. */
export const GUEST_PAGE_BYTES = 65_536
/** Addresses below this are never mapped, so that a NULL pointer, or NULL plus a small offset, faults. */
export const NULL_PAGE_BYTES: number = GUEST_PAGE_BYTES
/** Regions start and end on these, so that workers don't share a cache line by accident. */
export const CACHE_LINE_BYTES = 64

/** V8's longest typed array is one byte short of 4 GiB, so the last page is given up. */
const MAXIMUM_PAGES = 65_535

/** What a region holds; the interpreter's access rules and the memory report go by it. */
export type RegionKind = 'cpu' | 'stack' | 'ctx' | 'packet' | 'ring' | 'map' | 'rodata' | 'scratch'

/** A named, contiguous allocation. `address` is a guest pointer: a byte offset into the memory. */
export interface Region {
  readonly name: string
  readonly kind: RegionKind
  readonly address: number
  readonly sizeBytes: number
}

/** Options of {@link GuestMemory.create}. */
export interface GuestMemoryOptions {
  /** Upper bound in bytes, at most 4 GiB - 64 KiB (default). Reserves address space only. */
  readonly maximumBytes?: number
}

/**
 * The one shared memory in which everything lives that a BPF program can point at. A guest pointer is a byte offset,
 * zero-extended to 64 bits; page 0 is never given out.
 *
 * Host memory is only taken for pages that are written, so a map of 16 M entries costs what its entries touch.
 * Only the thread that created the memory allocates; others `attach` to it.
 */
export class GuestMemory {
  /** The memory itself; hand this to a worker and `attach` there. */
  readonly memory: WebAssembly.Memory
  /** Whole-memory views. They are replaced when the memory grows: call {@link refresh} on entry, don't keep copies across calls. */
  u8!: Uint8Array<SharedArrayBuffer>
  u16!: Uint16Array<SharedArrayBuffer>
  i32!: Int32Array<SharedArrayBuffer>
  u32!: Uint32Array<SharedArrayBuffer>
  f64!: Float64Array<SharedArrayBuffer>
  view!: DataView<SharedArrayBuffer>
  readonly #regions: Region[] = []
  readonly #free = new FreeList()
  #top = NULL_PAGE_BYTES
  readonly #maximumPages: number
  #buffer!: SharedArrayBuffer

  private constructor(memory: WebAssembly.Memory, maximumPages: number) {
    this.memory = memory
    this.#maximumPages = maximumPages
    this.refresh()
  }

  /** @throws GuestMemoryError GUEST_MEMORY_SIZE when `maximumBytes` is out of range */
  static create(options: GuestMemoryOptions = {}): GuestMemory {
    const maximumBytes = options.maximumBytes ?? MAXIMUM_PAGES * GUEST_PAGE_BYTES
    const pages = Math.ceil(maximumBytes / GUEST_PAGE_BYTES)
    if (!(pages >= 2 && pages <= MAXIMUM_PAGES)) {
      throw new GuestMemoryError({
        code: 'GUEST_MEMORY_SIZE',
        message: 'guest memory size out of range',
        got: maximumBytes,
        expected: `${2 * GUEST_PAGE_BYTES} to ${MAXIMUM_PAGES * GUEST_PAGE_BYTES} bytes`,
      })
    }
    return new GuestMemory(new WebAssembly.Memory({ initial: 2, maximum: pages, shared: true }), pages)
  }

  /** The same memory in another thread. It can read and write everything but not allocate. */
  static attach(memory: WebAssembly.Memory): GuestMemory {
    return new GuestMemory(memory, 0)
  }

  /** True in the thread that created the memory: the only one that allocates and frees. */
  get owner(): boolean {
    return this.#maximumPages > 0
  }

  /** Takes over the memory's current length; cheap when nothing changed. Call on entry to a run, a poll or a syscall. */
  refresh(): void {
    const buffer = this.memory.buffer as unknown as SharedArrayBuffer
    if (buffer === this.#buffer) return
    this.#buffer = buffer
    this.u8 = new Uint8Array(buffer)
    this.u16 = new Uint16Array(buffer)
    this.i32 = new Int32Array(buffer)
    this.u32 = new Uint32Array(buffer)
    this.f64 = new Float64Array(buffer)
    this.view = new DataView(buffer)
  }

  /** Current length in bytes, null page included. */
  get byteLength(): number {
    return this.u8.length
  }

  /** The largest single allocation that would succeed now, in bytes; 0 in a thread that only attached. */
  get availableBytes(): number {
    if (!this.owner) return 0
    const stretches = this.#free.stretches
    const last = stretches.at(-1)
    const lastTouchesTop = last !== undefined && last.address + last.sizeBytes === this.#top
    const atTop = this.#maximumPages * GUEST_PAGE_BYTES - (lastTouchesTop ? last.address : this.#top)
    return stretches.reduce((most, stretch) => Math.max(most, stretch.sizeBytes), atTop)
  }

  /** Every live allocation, by address. Empty in a thread that only attached. */
  get regions(): readonly Region[] {
    return this.#regions
  }

  /** The region that holds `address`; undefined in the null page, in free space and past the end. */
  regionAt(address: number): Region | undefined {
    const region = this.#regions[this.#indexAfter(address) - 1]
    return region !== undefined && address < region.address + region.sizeBytes ? region : undefined
  }

  /**
   * Allocates a zeroed region.
   *
   * @param alignBytes raised to {@link CACHE_LINE_BYTES}
   * @throws GuestMemoryError GUEST_MEMORY_EXHAUSTED when it does not fit, GUEST_MEMORY_SIZE, GUEST_MEMORY_OWNER
   */
  allocate(name: string, kind: RegionKind, sizeBytes: number, alignBytes: number = CACHE_LINE_BYTES): Region {
    this.#checkOwner(`allocate ${name}`)
    checkPositive(`cannot allocate ${name}: size`, sizeBytes)
    checkPositive(`cannot allocate ${name}: alignment`, alignBytes)
    const align = Math.max(CACHE_LINE_BYTES, alignBytes)
    const rounded = roundUp(sizeBytes, CACHE_LINE_BYTES)
    const address = this.#takeFree(rounded, align) ?? this.#takeTop(name, rounded, align)
    const region: Region = { name, kind, address, sizeBytes }
    this.#regions.splice(this.#indexAfter(address), 0, region)
    return region
  }

  /** Gives a region back; its bytes are zeroed when they are given out again. @throws GuestMemoryError GUEST_MEMORY_FREE */
  free(region: Region): void {
    this.#checkOwner(`free ${region.name}`)
    const at = this.#indexAfter(region.address) - 1
    if (this.#regions[at] !== region) {
      throw new GuestMemoryError({
        code: 'GUEST_MEMORY_FREE',
        message: `region ${region.name} is not allocated`,
        got: `0x${region.address.toString(16)}`,
      })
    }
    this.#regions.splice(at, 1)
    this.#free.give(region.address, roundUp(region.sizeBytes, CACHE_LINE_BYTES))
  }

  /** A private copy of `lengthBytes` bytes at `address`. @throws GuestMemoryError GUEST_MEMORY_BOUNDS */
  read(address: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    this.#checkBounds(address, lengthBytes)
    const copy = new Uint8Array(lengthBytes)
    copy.set(this.u8.subarray(address, address + lengthBytes))
    return copy
  }

  /** Copies `bytes` to `address`. @throws GuestMemoryError GUEST_MEMORY_BOUNDS */
  write(address: number, bytes: Uint8Array): void {
    this.#checkBounds(address, bytes.length)
    this.u8.set(bytes, address)
  }

  /** Number of regions that start at or below `address`: where a region just after it belongs. */
  #indexAfter(address: number): number {
    let low = 0
    let high = this.#regions.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#regions[middle] as Region).address <= address) low = middle + 1
      else high = middle
    }
    return low
  }

  #takeFree(sizeBytes: number, alignBytes: number): number | undefined {
    const address = this.#free.take(sizeBytes, alignBytes)
    if (address !== undefined) this.u8.fill(0, address, address + sizeBytes)
    return address
  }

  /** Takes from the end, together with the free stretch before it if there is one. */
  #takeTop(name: string, sizeBytes: number, alignBytes: number): number {
    const used = this.#top
    const start = this.#free.takeEndingAt(used)?.address ?? used
    const address = roundUp(start, alignBytes)
    try {
      this.#grow(name, sizeBytes, address)
    } catch (error) {
      this.#free.give(start, used - start)
      throw error
    }
    this.#free.give(start, address - start)
    this.#top = address + sizeBytes
    if (address < used) this.u8.fill(0, address, used)
    return address
  }

  #grow(name: string, sizeBytes: number, address: number): void {
    const pages = Math.ceil((address + sizeBytes) / GUEST_PAGE_BYTES)
    const have = this.u8.length / GUEST_PAGE_BYTES
    if (pages > this.#maximumPages) throw this.#exhausted(name, sizeBytes)
    if (pages <= have) return
    try {
      this.memory.grow(pages - have)
    } catch (cause) {
      throw this.#exhausted(name, sizeBytes, cause)
    }
    this.refresh()
  }

  #exhausted(name: string, sizeBytes: number, cause?: unknown): GuestMemoryError {
    return new GuestMemoryError({
      code: 'GUEST_MEMORY_EXHAUSTED',
      message: `guest memory has no room for ${name}`,
      got: `${sizeBytes} bytes wanted`,
      expected: `at most ${this.availableBytes} bytes`,
      hint: 'guest memory holds at most 4 GiB: lower max_entries or the number of queues and descriptors',
      ...(cause === undefined ? {} : { cause }),
    })
  }

  #checkOwner(what: string): void {
    if (this.owner) return
    throw new GuestMemoryError({
      code: 'GUEST_MEMORY_OWNER',
      message: `cannot ${what}: this thread only attached to the memory`,
      hint: 'allocate in the thread that created the memory and hand the address over',
    })
  }

  #checkBounds(address: number, lengthBytes: number): void {
    if (address >= 0 && lengthBytes >= 0 && address + lengthBytes <= this.u8.length) return
    throw new GuestMemoryError({
      code: 'GUEST_MEMORY_BOUNDS',
      message: 'copy reaches past guest memory',
      got: `${lengthBytes} bytes at 0x${address.toString(16)}`,
      expected: `within ${this.u8.length} bytes`,
    })
  }
}

function checkPositive(what: string, bytes: number): void {
  if (Number.isSafeInteger(bytes) && bytes > 0) return
  throw new GuestMemoryError({
    code: 'GUEST_MEMORY_SIZE',
    message: `${what} is not a positive number of bytes`,
    got: bytes,
  })
}
