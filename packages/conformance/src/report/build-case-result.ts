import type { ConformanceCase } from '../case-source.ts'
import type { NotRunnable, SuiteCase } from '../kernel-tree/suite-case.ts'
import type { Answer } from './answer.ts'
import type { CaseResult, Outcome, Phase } from './case-result.ts'
import { differences } from './differences.ts'
import { expectedWords } from './expected-words.ts'
import { judge } from './judge.ts'
import { hexListing, listingOf } from './listing.ts'
import { shortened } from './log-excerpt.ts'
import type { FailureReason } from './reasons.ts'

/** What is known of a case when everybody has been asked. */
export interface AskedCase {
  /** Whose case it is; of a vectors' file `{suite: 'vectors', ...}`. */
  readonly of: Omit<SuiteCase, 'suite' | 'question'> & { readonly suite: CaseResult['suite'] }
  readonly question: ConformanceCase | NotRunnable
  readonly answers: readonly Answer[]
  readonly kernel?: Answer
  /** Where an engine's answer differs from the kernel's; found here from verdicts and results if it is not given. */
  readonly differsFromKernel?: readonly string[]
  /** Why answers are missing: the time limit, the end of the process. */
  readonly failure?: { readonly reason: FailureReason; readonly detail: string }
  readonly times?: CaseTimes
}

/** Wall clock, of one case. */
export interface CaseTimes {
  /** Of `question()`. */
  readonly readMs?: number
  /** Of all engines, loading included. */
  readonly enginesMs?: number
  readonly kernelMs?: number
}

/** The line of a campaign's results for a case. */
export function caseResult(asked: AskedCase): CaseResult {
  const { of, question, times = {} } = asked
  const kernel = asked.kernel === undefined ? undefined : judgedKernel(asked.kernel, question)
  const { id, suite, file, line, name, privilege } = of
  const phasesMs = phases(asked.answers, times)
  const differs = kernel === undefined ? [] : (asked.differsFromKernel ?? differing(asked, kernel))
  const standing = standingOf(asked)
  const xlated = xlatedOf(asked.answers)
  const told = standing.outcome === 'failed' || differs.length > 0
  return {
    ...{ id, suite, file, line, name, privilege },
    ...standing,
    expected: question.kind === 'not-runnable' ? '' : expectedWords(question),
    answers: asked.answers.map((answer) => withoutBulk(answer, told)),
    ...(kernel === undefined ? {} : { kernel: withoutBulk(kernel, told) }),
    ...(differs.length === 0 ? {} : { differsFromKernel: differs }),
    ...(told && question.kind !== 'not-runnable' ? { listing: listingOf(question) } : {}),
    ...(xlated === undefined ? {} : { xlatedListing: xlated }),
    durationMs: (times.readMs ?? 0) + (times.enginesMs ?? 0) + (times.kernelMs ?? 0),
    phasesMs,
  }
}

/** What one version's verifier owes to another's: not how many instructions it processes, or makes of them. */
const HELD_OF_ANY_KERNEL = new Set([
  'load_ok',
  'errno',
  'log',
  'log_lacks',
  'retval',
  'run_errno',
  'data_out',
  'ctx_out',
])

/** The running kernel's answer, held against the expectation as far as it may be. */
function judgedKernel(kernel: Answer, question: AskedCase['question']): Answer {
  if (kernel.pass !== undefined || kernel.error !== undefined || question.kind !== 'vector') return kernel
  const { expect } = question.vector
  if (expect === undefined) return kernel
  return judge(kernel, Object.fromEntries(Object.entries(expect).filter(([name]) => HELD_OF_ANY_KERNEL.has(name))))
}

type StandingFields = Pick<CaseResult, 'outcome' | 'reason' | 'detail'>

function standingOf({ question, answers, failure }: AskedCase): StandingFields {
  const because = (outcome: Outcome, reason: string, detail: string): StandingFields => ({ outcome, reason, detail })
  if (question.kind === 'not-runnable') return because('not-run', question.reason, question.detail)
  if (failure !== undefined) return because('failed', failure.reason, failure.detail)
  const wrong = answers.filter(({ pass, error }) => pass === false || error !== undefined)
  if (answers.length === 0) return because('failed', 'no-answer', 'nobody answered')
  const first = wrong[0]
  if (first === undefined) return { outcome: 'passed' }
  return because('failed', reasonOf(first), byEngines(wrong.map(complaint)).join('\n'))
}

/** What an engine is told of. */
type Remark = readonly [engine: string, text: string]

const complaint = ({ engine, error, differs = [] }: Answer): Remark => [
  engine,
  [...new Set([...(error === undefined ? [] : [error]), ...differs])].join('; ') || 'not as expected',
]

/** Remarks as lines; engines that are told the same share one: `interpreter, wasm: retval: 2, expected 1`. */
function byEngines(remarks: readonly Remark[]): string[] {
  const engines = new Map<string, string[]>()
  for (const [engine, text] of remarks) engines.set(text, [...(engines.get(text) ?? []), engine])
  return [...engines].map(([text, names]) => `${names.join(', ')}: ${text}`)
}

/** One word for why an answer is wrong. */
function reasonOf({ reasons, error }: Answer): FailureReason {
  return reasons?.[0]?.kind ?? (error === undefined ? 'result' : 'no-answer')
}

function differing({ answers, question }: AskedCase, kernel: Answer): string[] {
  const expect = question.kind === 'vector' ? question.vector.expect : undefined
  return byEngines(
    answers.flatMap((answer) => differences(answer, kernel, expect).map((text): Remark => [answer.engine, text])),
  )
}

function phases(
  answers: readonly Answer[],
  { readMs, enginesMs, kernelMs }: CaseTimes,
): Partial<Record<Phase, number>> {
  const loadMs = Math.min(
    answers.reduce((sum, { load_us = 0 }) => sum + load_us / 1000, 0),
    enginesMs ?? 0,
  )
  return {
    ...(readMs === undefined ? {} : { read: readMs }),
    ...(enginesMs === undefined ? {} : { load: loadMs, run: enginesMs - loadMs }),
    ...(kernelMs === undefined ? {} : { kernel: kernelMs }),
  }
}

/** Fields of an answer that no report shows as they are. */
const BULK: ReadonlySet<string> = new Set<keyof Answer>(['verifier_log', 'xlated', 'jited', 'maps'])

/** Logs of what went well are of no use to anybody; of the others the beginning and the end are. */
function withoutBulk(answer: Answer, told: boolean): Answer {
  const rest = Object.fromEntries(Object.entries(answer).filter(([name]) => !BULK.has(name))) as unknown as Answer
  const log = answer.verifier_log
  return told && log !== undefined ? { ...rest, verifier_log: shortened(log) } : rest
}

/** The instructions after the fix-ups, of the first answer that shows them and is wrong. */
function xlatedOf(answers: readonly Answer[]): readonly string[] | undefined {
  const wrong = answers.find(({ pass, xlated }) => pass === false && xlated !== undefined)
  return wrong?.xlated === undefined ? undefined : hexListing(wrong.xlated)
}
