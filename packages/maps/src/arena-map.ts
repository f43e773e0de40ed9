/**
 * BPF_MAP_TYPE_ARENA: pages that a program and user space share, at the addresses of user space. A page is there once
 * somebody asked for it: the program by bpf_arena_alloc_pages, user space by touching it.
 *
 * ```
 *  header | staging | user address (u64) | one byte a page: 1 where it is there | pages
 * ```
 *
 * @see kernel/bpf/arena.c
 */
import { acquireLock, readU64, releaseLock, writeU64 } from '@bpfoundry/guest-memory'
import { ERRNO, MAP_FLAG, type MapAttributes } from '@bpfoundry/kernel-abi'
import { ElementlessMap } from './elementless-map.ts'
import { MapError } from './map-error.ts'
import { MAP_HEADER, type MapPlace } from './map-place.ts'
import { Sections } from './sections.ts'
import { planStaging } from './syscall-side.ts'

/** Bytes of a page. */
export const ARENA_PAGE_BYTES = 4096
const U32 = 2 ** 32

interface Plan {
  readonly staging: number
  readonly user: number
  readonly present: number
  readonly pages: number
  readonly sizeBytes: number
}

function plan(attributes: MapAttributes): Plan {
  const sections = new Sections()
  const staging = planStaging(attributes, 0, sections)
  const user = sections.add(8)
  const present = sections.add(attributes.maxEntries)
  const pages = sections.add(attributes.maxEntries * ARENA_PAGE_BYTES, ARENA_PAGE_BYTES)
  return { staging, user, present, pages, sizeBytes: sections.sizeBytes }
}

/** Where programs find an arena. */
export interface ArenaLayout {
  /** Address of its first page in user space, a multiple of the page's size; 0 where none was chosen. */
  readonly userAddress: number
  /** Guest address of the first page; the others follow. */
  readonly pagesAddress: number
  /** Guest address of the first page's byte that tells whether it is there. */
  readonly presentAddress: number
  /** Bytes of all pages. */
  readonly sizeBytes: number
}

export class ArenaMap extends ElementlessMap {
  static sizeBytes(attributes: MapAttributes): number {
    return plan(attributes).sizeBytes
  }

  readonly layout: ArenaLayout
  readonly #lock: number

  constructor(place: MapPlace) {
    const { staging, user, present, pages, sizeBytes } = plan(place.attributes)
    super(place, sizeBytes, staging, 0)
    const { mapExtra, maxEntries } = place.attributes
    // Other threads know of the attributes only what the header has.
    if (mapExtra !== undefined) writeU64(place.memory, place.address + user, mapExtra)
    this.#lock = place.address + MAP_HEADER.fields.stagingLock.offsetBytes
    this.layout = {
      userAddress: readU64(place.memory, place.address + user),
      pagesAddress: place.address + pages,
      presentAddress: place.address + present,
      sizeBytes: maxEntries * ARENA_PAGE_BYTES,
    }
  }

  /** Pages that are there. */
  override get count(): number {
    const { presentAddress } = this.layout
    const table = this.memory.u8.subarray(presentAddress, presentAddress + this.attributes.maxEntries)
    return table.reduce((sum, there) => sum + there, 0)
  }

  /**
   * bpf_arena_alloc_pages: `count` neighbouring pages that were not there, zeroed.
   *
   * @param userAddress of the first of them; 0: wherever there is room
   * @returns the first page's address in user space; 0 where there is no room
   */
  allocatePages(userAddress: number, count: number): number {
    const { maxEntries } = this.attributes
    if (count === 0 || count > maxEntries || userAddress % ARENA_PAGE_BYTES !== 0) return 0
    return this.#locked(() => {
      const first = userAddress === 0 ? this.#room(count) : this.#pageAt(userAddress)
      if (first < 0 || first > maxEntries - count || !this.#areAbsent(first, count)) return 0
      this.#bring(first, count)
      return this.layout.userAddress + first * ARENA_PAGE_BYTES
    })
  }

  /** bpf_arena_free_pages: nothing happens where there are none. */
  freePages(userAddress: number, count: number): void {
    const { userAddress: start, presentAddress } = this.layout
    const low = (userAddress % U32) - (userAddress % ARENA_PAGE_BYTES)
    const first = (Math.floor(start / U32) * U32 + low - start) / ARENA_PAGE_BYTES
    if (first < 0 || first >= this.attributes.maxEntries) return
    const end = Math.min(this.attributes.maxEntries, first + count)
    this.#locked(() => this.memory.u8.fill(0, presentAddress + first, presentAddress + end))
  }

  /**
   * What user space reads there: pages that are not there come when they are touched, empty.
   *
   * @throws MapError MAP_ARENA_FAULT outside of the arena; with BPF_F_SEGV_ON_FAULT where a page is not there
   */
  read(userAddress: number, sizeBytes: number): Uint8Array<ArrayBuffer> {
    return this.memory.read(this.#touch(userAddress, sizeBytes), sizeBytes)
  }

  /** Likewise for what it writes. @throws MapError MAP_ARENA_FAULT */
  write(userAddress: number, bytes: Uint8Array): void {
    this.memory.write(this.#touch(userAddress, bytes.length), bytes)
  }

  #touch(userAddress: number, sizeBytes: number): number {
    const { userAddress: start, sizeBytes: end, pagesAddress } = this.layout
    const offset = userAddress - start
    if (start === 0 || offset < 0 || offset + sizeBytes > end) this.#fault(userAddress)
    const first = Math.floor(offset / ARENA_PAGE_BYTES)
    const last = Math.floor((offset + Math.max(1, sizeBytes) - 1) / ARENA_PAGE_BYTES)
    const staysAbsent = (this.attributes.flags & MAP_FLAG.SEGV_ON_FAULT) !== 0
    this.#locked(() => {
      for (let page = first; page <= last; page++) {
        if (!this.#areAbsent(page, 1)) continue
        if (staysAbsent) this.#fault(userAddress)
        this.#bring(page, 1)
      }
    })
    return pagesAddress + offset
  }

  #fault(userAddress: number): never {
    const { userAddress: start, sizeBytes } = this.layout
    throw new MapError({
      code: 'MAP_ARENA_FAULT',
      errno: ERRNO.EFAULT,
      message: 'no page of the arena lies at this address',
      where: { map: this.attributes.name },
      got: `0x${userAddress.toString(16)}`,
      expected: `a page from 0x${start.toString(16)} to 0x${(start + sizeBytes).toString(16)}`,
    })
  }

  /** Index of the page that lower halves of addresses tell; any number outside of the arena. */
  #pageAt(userAddress: number): number {
    const { userAddress: start } = this.layout
    return (((userAddress % U32) - (start % U32) + U32) % U32) / ARENA_PAGE_BYTES
  }

  /** Index of the first of so many neighbours that are not there; -1 where there are none. */
  #room(count: number): number {
    const { maxEntries } = this.attributes
    for (let first = 0; first + count <= maxEntries; first++) if (this.#areAbsent(first, count)) return first
    return -1
  }

  #areAbsent(first: number, count: number): boolean {
    const at = this.layout.presentAddress + first
    return this.memory.u8.subarray(at, at + count).every((there) => there === 0)
  }

  #bring(first: number, count: number): void {
    const { pagesAddress, presentAddress } = this.layout
    const { u8 } = this.memory
    u8.fill(0, pagesAddress + first * ARENA_PAGE_BYTES, pagesAddress + (first + count) * ARENA_PAGE_BYTES)
    u8.fill(1, presentAddress + first, presentAddress + first + count)
  }

  #locked<Result>(act: () => Result): Result {
    this.memory.refresh()
    acquireLock(this.memory, this.#lock)
    try {
      return act()
    } finally {
      releaseLock(this.memory, this.#lock)
    }
  }

  protected get refusal(): number {
    return -ERRNO.EOPNOTSUPP
  }
}
