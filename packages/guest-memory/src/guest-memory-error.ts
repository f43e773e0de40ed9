import { Diagnostic } from '@bpfoundry/diagnostics'

/** Errors of guest memory: `GUEST_MEMORY_EXHAUSTED`, `GUEST_MEMORY_SIZE`, `GUEST_MEMORY_FREE`. */
export class GuestMemoryError extends Diagnostic {}
