/**
 * On arm64 what was written as data is not what is fetched until caches are told. The C library's __clear_cache lies in
 * libgcc, where koffi can't count on it, so this is our own: clean the data cache to the point of unification, then
 * invalidate the instruction cache, line by line.
 *
 * The stub itself is safe to call unsynchronised: Linux synchronises fresh pages when they first become executable
 * (__sync_icache_dcache in arch/arm64/mm/flush.c).
 *
 * @see Arm Architecture Reference Manual, B2.4.4 "Concurrent modification and execution of instructions"
 */
import type { PageSource } from './executable-memory.ts'
import { functionAt } from './foreign-functions.ts'
import { assembleListing, type ListingRow, word } from './stub-listing.ts'

/** `void (u64 start, u64 end)`; line lengths come from CTR_EL0: DminLine in bits 19:16, IminLine in 3:0, as log2 of words. */
export const SYNCHRONISE_LISTING: readonly ListingRow[] = [
  word('mrs x2, ctr_el0', 0xd53b0022),
  word('mov w4, #4', 0x52800084),
  word('ubfx w3, w2, #0x10, #4', 0x53104c43),
  word('lsl w3, w4, w3', 0x1ac32083),
  word('and w2, w2, #0xf', 0x12000c42),
  word('lsl w2, w4, w2', 0x1ac22082),
  word('sub x4, x3, #1', 0xd1000464),
  word('bic x4, x0, x4', 0x8a240004),
  word('dc cvau, x4', 0xd50b7b24),
  word('add x4, x4, x3', 0x8b030084),
  word('cmp x4, x1', 0xeb01009f),
  word('b.lo #0x20', 0x54ffffa3),
  word('dsb ish', 0xd5033b9f),
  word('sub x4, x2, #1', 0xd1000444),
  word('bic x4, x0, x4', 0x8a240004),
  word('ic ivau, x4', 0xd50b7524),
  word('add x4, x4, x2', 0x8b020084),
  word('cmp x4, x1', 0xeb01009f),
  word('b.lo #0x3c', 0x54ffffa3),
  word('dsb ish', 0xd5033b9f),
  word('isb', 0xd5033fdf),
  word('ret', 0xd65f03c0),
]

/** What makes the instruction caches of an arm64 Linux host see code; its own code lies in `pages`. */
export function arm64Synchroniser(pages: PageSource): (address: number, lengthBytes: number) => void {
  const code = assembleListing(SYNCHRONISE_LISTING)
  const stub = pages.map(code.length)
  pages.write(stub, code)
  pages.seal(stub, code.length)
  const synchronise = functionAt(stub, 'void', ['uint64_t', 'uint64_t'])
  return (address, lengthBytes) => {
    synchronise(address, address + lengthBytes)
  }
}
