import {
  type Answer,
  type CaseResult,
  type ConformanceCase,
  caseResult,
  type NotRunnable,
  type SuiteCase,
} from '@bpfoundry/conformance'
import { isAsked, isKernel, judgeNames } from '../judge/judge-names.ts'
import type { Judges } from '../judge/judges.ts'
import type { Questioning } from '../plan/shard.ts'
import { questionOf } from './question.ts'

/** What is not asked once more: who was asked did not answer in time, or took the thread with it. */
export interface LostAnswer {
  /** Of the case. */
  readonly index: number
  /** Who was asked: an engine, `kernel`; without it nobody is asked, for the question itself could not be made. */
  readonly judge?: string
  readonly reason: 'timeout' | 'crash'
  /** For people: `no answer within 10 s`. */
  readonly detail: string
}

/** Who is asked, and what is known already. */
export interface Asking {
  readonly questioning: Questioning
  readonly judges: Judges
  /** Of this case. */
  readonly lost: readonly LostAnswer[]
  /** Told before each step: 0 the question is made, n the n-th judge is asked. */
  readonly step: (asked: number) => void
}

/** Makes a case's question, puts it to all who are asked, and forgets it. Whatever comes, there is a result. */
export async function askCase(one: SuiteCase, asking: Asking): Promise<CaseResult> {
  const whole = asking.lost.find(({ judge }) => judge === undefined)
  if (whole !== undefined) return unasked(one, whole)
  asking.step(0)
  const started = performance.now()
  const question = questionOf(one)
  const readMs = performance.now() - started
  if (question.kind === 'not-runnable') return caseResult({ of: one, question, answers: [], times: { readMs } })
  const { answers, kernel, enginesMs, kernelMs } = await askAll(one, question, asking)
  const [lost] = asking.lost
  return caseResult({
    of: one,
    question,
    answers,
    ...(kernel === undefined ? {} : { kernel }),
    ...(lost === undefined || isKernel(lost.judge) ? {} : { failure: failureOf(lost) }),
    times: { readMs, enginesMs, ...(kernel === undefined ? {} : { kernelMs }) },
  })
}

interface Answered {
  readonly answers: readonly Answer[]
  readonly kernel: Answer | undefined
  readonly enginesMs: number
  readonly kernelMs: number
}

async function askAll(one: SuiteCase, question: ConformanceCase, asking: Asking): Promise<Answered> {
  const { questioning, lost, step } = asking
  const answers: Answer[] = []
  const spent = { enginesMs: 0, kernelMs: 0 }
  let kernel: Answer | undefined
  for (const [index, name] of judgeNames(questioning).entries()) {
    if (!isAsked(name, question.kind)) continue
    const known = lost.find(({ judge }) => judge === name)
    step(index + 1)
    const started = performance.now()
    const answer = known === undefined ? await ask(one, question, name, asking) : noAnswer(one, known)
    if (isKernel(name)) kernel = answer
    else answers.push(answer)
    spent[isKernel(name) ? 'kernelMs' : 'enginesMs'] += performance.now() - started
  }
  return { answers, kernel, ...spent }
}

/** A defect of ours in one case is that case's answer: the others are asked all the same. */
async function ask(one: SuiteCase, question: ConformanceCase, name: string, asking: Asking): Promise<Answer> {
  const judge = await asking.judges.byName(name, asking.questioning)
  try {
    return await judge.answer(question)
  } catch (error) {
    return { id: one.id, engine: name, error: `defect: ${error instanceof Error ? error.stack : error}`, pass: false }
  }
}

function noAnswer({ id }: SuiteCase, { judge = '', detail }: LostAnswer): Answer {
  return { id, engine: judge, error: detail, ...(isKernel(judge) ? {} : { pass: false }) }
}

function failureOf({ reason, judge, detail }: LostAnswer): { reason: LostAnswer['reason']; detail: string } {
  return { reason, detail: judge === undefined ? detail : `${judge}: ${detail}` }
}

/** The result of a case whose question could not even be made. */
function unasked(one: SuiteCase, lost: LostAnswer): CaseResult {
  const question: NotRunnable = { kind: 'not-runnable', reason: 'unread', detail: lost.detail }
  return { ...caseResult({ of: one, question, answers: [] }), outcome: 'failed', ...failureOf(lost) }
}
