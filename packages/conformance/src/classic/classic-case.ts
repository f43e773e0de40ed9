import type { ClassicInsn } from '@bpfoundry/cbpf'

/** One run of a classic case: how much of the data the socket buffer is given, and what comes back. */
export interface ClassicRun {
  /** Bytes of {@link ClassicCase.data} in the linear part. */
  readonly dataBytes: number
  /** Unsigned 32 bits. */
  readonly result: number
}

/** A classic program, the socket buffers it is run on, and what must come of it: a classic test of lib/test_bpf.c. */
export interface ClassicCase {
  /** As in the answer. */
  readonly id: string
  /** The kernel's words for it. */
  readonly name: string
  readonly insns: readonly ClassicInsn[]
  /** What the linear parts are taken from, zeros behind it; empty where `noData`. */
  readonly data: Uint8Array
  /** FLAG_NO_DATA: it is run without a socket buffer. */
  readonly noData: boolean
  /** FLAG_SKB_FRAG: one fragment behind the linear part, with these bytes (MAX_DATA of them, zeros at the end). */
  readonly fragment?: Uint8Array
  /** FLAG_EXPECTED_FAIL: the checker must refuse it with this errno, positive (22: EINVAL); it is not run. */
  readonly refusedWith?: number
  /** At least one, unless it is refused. */
  readonly runs: readonly ClassicRun[]
}
