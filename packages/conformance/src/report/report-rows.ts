import type { CaseResult, Outcome, Phase } from './case-result.ts'
import type { Counts } from './tally.ts'

export type SuiteName = CaseResult['suite']

export type SecondsByPhase = Readonly<Partial<Record<Phase, number>>>

/** What a run was: reports say it at the top. */
export interface RunFacts {
  /** The tree's folder, or the vectors' file, as the user gave it. */
  readonly source: string
  /** Version of the tree: `6.12.95`. */
  readonly release?: string
  readonly engines: readonly string[]
  /** The running kernel's release, where it was asked. */
  readonly oracle?: string
  /** ISO 8601. */
  readonly startedAt?: string
  readonly wallMs?: number
  /** Worker threads or processes. */
  readonly workers?: number
  /** What else must be said: an interruption, a missing compiler. */
  readonly notes?: readonly string[]
}

/** How the cases of a suite stand, and the seconds they took, of all threads together. */
export interface SuiteRow extends Counts {
  readonly suite: SuiteName
  readonly seconds: number
}

/** The same of a file. */
export interface FileRow extends SuiteRow {
  readonly file: string
  readonly secondsByPhase: SecondsByPhase
}

/** How many cases failed, or were not run, for a reason. */
export interface ReasonRow {
  readonly outcome: Outcome
  readonly reason: string
  /** In a sentence; the word itself where there is none. */
  readonly meaning: string
  readonly cases: number
}

/** Something that engines or the verifier do not do yet, and how many questions fail for want of it. */
export interface UnsupportedRow {
  readonly what: string
  readonly questions: number
}

/** The running kernel's part: how often it and we say the same. */
export interface Agreement {
  readonly asked: number
  readonly agree: number
  readonly differ: number
  /** Asked, and it could not answer. */
  readonly unanswered: number
  /** Of those that it answered and something is expected of: as the vector has it, but for words of the log, or otherwise. */
  readonly asExpected: number
  readonly inOtherWords: number
  readonly notAsExpected: number
  readonly disagreements: readonly { readonly id: string; readonly differs: readonly string[] }[]
}

/** What a report keeps of a result; the rest only of those that failed or differ from the running kernel. */
export type KeptResult = Pick<
  CaseResult,
  'id' | 'suite' | 'file' | 'line' | 'name' | 'privilege' | 'outcome' | 'reason' | 'detail' | 'durationMs'
> &
  Partial<CaseResult>
