import { addressOf, loadKoffi } from './foreign-functions.ts'

/** Bytes of a huge page on x86-64, and on arm64 with pages of 4 KiB. */
export const HUGE_PAGE_BYTES: number = 2 << 20
const MADV_HUGEPAGE = 14

/**
 * Asks Linux to back a stretch of guest memory by pages of 2 MiB: random access to a large table then misses the TLB
 * less. A wish, not an order: it only counts where transparent huge pages are in `madvise` or `always` mode, for whole
 * huge pages within the stretch, and best before the memory is first touched. Elsewhere nothing happens.
 *
 * @returns bytes that were advised, 0 where that is not possible
 * @see madvise(2), Documentation/admin-guide/mm/transhuge.rst
 */
export function adviseHugePages(memory: WebAssembly.Memory, address: number, lengthBytes: number): number {
  if (process.platform !== 'linux') return 0
  const base = addressOf(memory.buffer as unknown as SharedArrayBuffer)
  const start = Math.ceil((base + address) / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES
  const limit = base + Math.min(address + lengthBytes, memory.buffer.byteLength)
  const end = Math.floor(limit / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES
  if (end <= start) return 0
  const madvise = loadKoffi().load('libc.so.6').func('madvise', 'int', ['intptr_t', 'size_t', 'int'])
  return madvise(start, end - start, MADV_HUGEPAGE) === 0 ? end - start : 0
}
