import type { Suite } from '../kernel-tree/suite-case.ts'
import type { Answer } from './answer.ts'

/** Where the time of a case goes: its question is made, engines load it, they run it, the running kernel answers. */
export const PHASES = ['read', 'load', 'run', 'kernel'] as const
export type Phase = (typeof PHASES)[number]

export type Outcome = 'passed' | 'failed' | 'not-run'

/** What came of one case with all who were asked: a line of a campaign's results, plain JSON. */
export interface CaseResult {
  readonly id: string
  readonly suite: Suite | 'vectors'
  readonly file: string
  readonly line: number
  readonly name: string
  readonly privilege: 'full' | 'unprivileged'
  /** Failed: an engine's answer is not the expected one, or there is none. Not run: nobody could be asked. */
  readonly outcome: Outcome
  /** Why it failed or was not run: one of few stable words (`REASONS`), which reports count by. */
  readonly reason?: string
  /** In full, a line or two. */
  readonly detail?: string
  /** What the vector expects, for people. */
  readonly expected: string
  /** By engine, ours first. */
  readonly answers: readonly Answer[]
  /** The running kernel's, where it was asked. */
  readonly kernel?: Answer
  /** Where ours differs from the running kernel's: verdict, results. */
  readonly differsFromKernel?: readonly string[]
  /** Disassembly, of a case that failed or differs. */
  readonly listing?: readonly string[]
  /** The same after the fix-ups, where they were asked for and are not as expected. */
  readonly xlatedListing?: readonly string[]
  readonly durationMs: number
  /** What `durationMs` is made of, as far as it was measured. */
  readonly phasesMs?: Readonly<Partial<Record<Phase, number>>>
}
