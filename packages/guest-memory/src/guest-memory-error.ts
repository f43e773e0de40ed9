import { Diagnostic } from '@bpfoundry/diagnostics'

/**
 * Errors of guest memory:
 * - `GUEST_MEMORY_EXHAUSTED`: an allocation does not fit
 * - `GUEST_MEMORY_SIZE`: a size or alignment that can't be
 * - `GUEST_MEMORY_FREE`: the region is not allocated
 * - `GUEST_MEMORY_OWNER`: only the thread that created the memory allocates and frees
 * - `GUEST_MEMORY_BOUNDS`: a host-side copy reaches past the memory
 * - `GUEST_MEMORY_LOCK`: a lock word stayed taken for seconds; its holder is gone
 */
export class GuestMemoryError extends Diagnostic {}
