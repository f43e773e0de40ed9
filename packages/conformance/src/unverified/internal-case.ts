import type { Insn } from '@bpfoundry/isa'

/** One run of an internal case. */
export interface InternalRun {
  /** Bytes of the context; of the packet, where the context is a socket buffer. */
  readonly dataBytes: number
  /** The low 32 bits of r0, unsigned. */
  readonly result: number
}

/**
 * What r1 points at: nothing (FLAG_NO_DATA), plain memory of `dataBytes` (FLAG_LARGE_MEM), or else a socket buffer, as
 * the kernel has it; no program looks into one, and ours are zeros.
 */
export type InternalContext = 'none' | 'memory' | 'socket-buffer'

/**
 * An eBPF program that the kernel runs without asking its verifier, with what its fix-ups leave behind in it: an internal
 * test of lib/test_bpf.c.
 */
export interface InternalCase {
  /** As in the answer. */
  readonly id: string
  /** The kernel's words for it. */
  readonly name: string
  readonly insns: readonly Insn[]
  readonly context: InternalContext
  /** At least one. */
  readonly runs: readonly InternalRun[]
}
