import type { GuestMemory } from '@bpfoundry/guest-memory'
import { adviseHugePages } from '@bpfoundry/native-exec'

/** Smaller stretches fit the TLB anyway, and would only take more memory. */
const LEAST_BYTES: number = 16 * 2 ** 20

/**
 * Asks for huge pages under a large table that is still untouched: at random places of it, most of the time of a
 * look-up is that of finding its page.
 *
 * @returns bytes that the host was asked for, 0 where it has no huge pages or the stretch is small
 */
export function askForHugePages(memory: GuestMemory, address: number, sizeBytes: number): number {
  return sizeBytes < LEAST_BYTES ? 0 : adviseHugePages(memory.memory, address, sizeBytes)
}
