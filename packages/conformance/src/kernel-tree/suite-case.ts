import type { Diagnostic } from '@bpfoundry/diagnostics'
import type { ConformanceCase } from '../case-source.ts'

/** The suites of a kernel tree: lib/test_bpf.c, selftests/bpf/verifier/*.c, selftests/bpf/progs/*.c. */
export const SUITES = ['test_bpf', 'verifier', 'progs'] as const
export type Suite = (typeof SUITES)[number]

/** Why a case can't be asked at all; stable words, counted in reports. */
export type NotRunnableReason =
  /** A C function that a compiler must make, and there is none. */
  | 'needs-clang'
  /** For another architecture or configuration. */
  | 'other-architecture'
  /** Built from skbs by kernel code: nothing of it is data. */
  | 'not-data'
  /** A construct of the source that is not read; `detail` says which and where. */
  | 'unread'
  /** A kernel module's function or type that the case needs. */
  | 'needs-module'
  /** A BTF of the kernel that is not at hand. */
  | 'needs-kernel-btf'

/** A case of a suite: where it stands, and what to ask. */
export interface SuiteCase {
  /** Stable and unique within the tree: `verifier/and.c#3`, `test_bpf/internal#12`, `progs/verifier_and.c:name@unpriv`. */
  readonly id: string
  readonly suite: Suite
  /** Relative to the tree. */
  readonly file: string
  readonly line: number
  /** The kernel's words for it. */
  readonly name: string
  /** What it is loaded with: everything, or none of the capabilities. Counted as one case: ids of the others end in `@unpriv`. */
  readonly privilege: 'full' | 'unprivileged'
  /** Made when asked for: the largest program has 199,587 instructions. */
  readonly question: () => ConformanceCase | NotRunnable
}

export interface NotRunnable {
  readonly kind: 'not-runnable'
  readonly reason: NotRunnableReason
  readonly detail: string
}

/** A file of a suite: what one shard of a campaign names. */
export interface SuiteFile {
  readonly suite: Suite
  /** Relative to the tree. */
  readonly file: string
  /** Reads it. What can't be read is a problem, located, and a `not-runnable` case where one can be told. */
  read(): SuiteReading
}

export interface SuiteReading {
  readonly cases: readonly SuiteCase[]
  readonly problems: readonly Diagnostic[]
}
