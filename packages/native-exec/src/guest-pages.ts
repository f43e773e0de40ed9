/** Guest memory in another process: the pages that hold something are sent, those that changed come back. */
import { type GuestMemory, NULL_PAGE_BYTES } from '@bpfoundry/guest-memory'

/** A stretch of guest memory that is sent as one; small, for most of memory is zero. */
const PAGE_BYTES = 4096
const ZERO_PAGE = new Uint8Array(PAGE_BYTES)

/** Contents of one page. */
export interface GuestPage {
  readonly address: number
  readonly bytes: Uint8Array
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** Every page that differs from `before` at its address, or from zero; the null page is nobody's. */
export function changedPages(memory: GuestMemory, before: readonly GuestPage[] = []): GuestPage[] {
  const old = new Map(before.map(({ address, bytes }) => [address, bytes]))
  const changed: GuestPage[] = []
  for (let address = NULL_PAGE_BYTES; address < memory.byteLength; address += PAGE_BYTES) {
    const now = memory.u8.subarray(address, address + PAGE_BYTES)
    if (!same(now, old.get(address) ?? ZERO_PAGE)) changed.push({ address, bytes: new Uint8Array(now) })
  }
  return changed
}

/** Puts pages where they belong. */
export function putPages(memory: GuestMemory, pages: readonly GuestPage[]): void {
  for (const { address, bytes } of pages) memory.u8.set(bytes, address)
}

/** Makes all of memory zero but the null page, which may be protected. */
export function clearPages(memory: GuestMemory): void {
  memory.u8.fill(0, NULL_PAGE_BYTES)
}
