import { GuestMemoryError } from './guest-memory-error.ts'

/** Size of a WebAssembly page; guest memory grows in these. */
export const GUEST_PAGE_BYTES = 65_536
/** Addresses below this are never mapped, so that a NULL pointer, or NULL plus a small offset, faults. */
export const NULL_PAGE_BYTES: number = GUEST_PAGE_BYTES

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
  /** Free stretches by address, coalesced: [address, sizeBytes]. */
  readonly #free: [number, number][] = []
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

  /** Every live allocation, by address. */
  get regions(): readonly Region[] {
    return this.#regions
  }

  /**
   * Allocates a zeroed region, at least 64-byte aligned (a cache line, so that workers don't share one by accident).
   *
   * @throws GuestMemoryError GUEST_MEMORY_EXHAUSTED when it does not fit
   */
  allocate(name: string, kind: RegionKind, sizeBytes: number, alignBytes = 64): Region {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
      throw new GuestMemoryError({
        code: 'GUEST_MEMORY_SIZE',
        message: `cannot allocate ${name}: not a positive number of bytes`,
        got: sizeBytes,
      })
    }
    const align = Math.max(64, alignBytes)
    const rounded = roundUp(sizeBytes, 64)
    const address = this.#takeFree(rounded, align) ?? this.#takeTop(name, rounded, align)
    const region: Region = { name, kind, address, sizeBytes }
    const at = this.#regions.findIndex((other) => other.address > address)
    this.#regions.splice(at < 0 ? this.#regions.length : at, 0, region)
    return region
  }

  /** Gives a region back; its bytes are zeroed when it is given out again. */
  free(region: Region): void {
    const at = this.#regions.indexOf(region)
    if (at < 0) {
      throw new GuestMemoryError({
        code: 'GUEST_MEMORY_FREE',
        message: `region ${region.name} is not allocated`,
        got: `0x${region.address.toString(16)}`,
      })
    }
    this.#regions.splice(at, 1)
    this.#insertFree(region.address, roundUp(region.sizeBytes, 64))
  }

  #takeFree(sizeBytes: number, alignBytes: number): number | undefined {
    for (const [index, [start, length]] of this.#free.entries()) {
      const address = roundUp(start, alignBytes)
      const slack = address - start
      if (length < slack + sizeBytes) continue
      this.#free.splice(index, 1)
      if (slack > 0) this.#insertFree(start, slack)
      if (length > slack + sizeBytes) this.#insertFree(address + sizeBytes, length - slack - sizeBytes)
      this.u8.fill(0, address, address + sizeBytes)
      return address
    }
    return undefined
  }

  #takeTop(name: string, sizeBytes: number, alignBytes: number): number {
    const address = roundUp(this.#top, alignBytes)
    const end = address + sizeBytes
    const pages = Math.ceil(end / GUEST_PAGE_BYTES)
    if (pages > this.#maximumPages) {
      throw new GuestMemoryError({
        code: 'GUEST_MEMORY_EXHAUSTED',
        message: `guest memory has no room for ${name}`,
        got: `${sizeBytes} bytes wanted`,
        expected: `at most ${this.#maximumPages * GUEST_PAGE_BYTES - address} bytes`,
        hint: 'guest memory holds at most 4 GiB: lower max_entries or the number of queues and descriptors',
      })
    }
    const have = this.u8.length / GUEST_PAGE_BYTES
    if (pages > have) {
      this.memory.grow(pages - have)
      this.refresh()
    }
    this.#top = end
    return address
  }

  #insertFree(start: number, length: number): void {
    const at = this.#free.findIndex(([other]) => other > start)
    const index = at < 0 ? this.#free.length : at
    this.#free.splice(index, 0, [start, length])
    this.#coalesce(index)
    if (index > 0) this.#coalesce(index - 1)
  }

  #coalesce(index: number): void {
    const left = this.#free[index]
    const right = this.#free[index + 1]
    if (left === undefined || right === undefined || left[0] + left[1] !== right[0]) return
    left[1] += right[1]
    this.#free.splice(index + 1, 1)
  }
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
