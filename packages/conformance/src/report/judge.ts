import type { EachRun, Expectation, TextPattern } from '../vector/expectation.ts'
import { firstMisplaced, firstMissing } from '../vector/text-pattern.ts'
import { type Answer, type Reason, type RunAnswer, runsOf } from './answer.ts'
import type { FailureReason } from './reasons.ts'
import { hasInsns, xlatedText } from './xlated-match.ts'

/** The answer with `pass`, and where it differs, why: in words, and by kind. */
export function judge(answer: Answer, expect: Expectation | undefined): Answer {
  const reasons = expect === undefined ? obstacles(answer) : reasonsOf(answer, expect)
  if (expect === undefined && reasons.length === 0) return answer
  if (reasons.length === 0) return { ...answer, pass: true }
  return { ...answer, pass: false, differs: reasons.map(({ text }) => text), reasons }
}

const lacking = (lacks: readonly string[]): readonly Reason[] => [
  { kind: 'unsupported', text: `unsupported: ${lacks.join(', ')}`, lacks },
]

/** What stands in the way of any answer: then nothing of it is held against the expectation. */
function obstacles({ load_ok, unsupported, timed_out, error }: Answer): readonly Reason[] {
  if (load_ok !== true && unsupported !== undefined) return lacking(unsupported)
  if (timed_out) return [{ kind: 'timeout', text: error ?? 'the time limit ended it' }]
  return error === undefined ? [] : [{ kind: 'no-answer', text: error }]
}

function reasonsOf(answer: Answer, expect: Expectation): readonly Reason[] {
  const obstacle = obstacles(answer)
  if (obstacle.length > 0 && answer.load_ok === undefined) return obstacle
  if (obstacle[0]?.kind === 'unsupported') return obstacle
  const found = CHECK_NAMES.flatMap((name) => {
    const check = CHECKS[name] as Check<unknown>
    return expect[name] === undefined ? [] : check(answer, expect[name])
  })
  return found.length > 0 ? withoutRepetitions(found) : obstacle
}

const withoutRepetitions = (reasons: readonly Reason[]): readonly Reason[] =>
  reasons.filter(({ text }, index) => reasons.findIndex((other) => other.text === text) === index)

type Check<Wanted> = (answer: Answer, wanted: Wanted) => readonly Reason[]

const NONE: readonly Reason[] = []
const one = (kind: FailureReason, text: string): readonly Reason[] => [{ kind, text }]
const json = (value: unknown): string => JSON.stringify(value) ?? 'nothing'

function equal(name: keyof Answer, kind: FailureReason): Check<unknown> {
  return (answer, wanted) => {
    const got = answer[name]
    return got === wanted ? NONE : one(kind, `${name}: ${json(got)}, expected ${json(wanted)}`)
  }
}

const loadOk: Check<boolean> = (answer, wanted) => equal('load_ok', wanted ? 'refused' : 'accepted')(answer, wanted)

const listOf = (patterns: TextPattern | readonly TextPattern[]): readonly TextPattern[] =>
  typeof patterns === 'string' ? [patterns] : patterns

const log: Check<TextPattern | readonly TextPattern[]> = ({ verifier_log = '' }, wanted) => {
  const missing = firstMissing(verifier_log, listOf(wanted))
  return missing === undefined ? NONE : one('log', `log lacks ${json(missing)}`)
}

const logLacks: Check<TextPattern | readonly TextPattern[]> = ({ verifier_log = '' }, unwanted) =>
  listOf(unwanted)
    .filter((pattern) => firstMissing(verifier_log, [pattern]) === undefined)
    .flatMap((pattern) => one('log', `log has ${json(pattern)}`))

/** A kernel's call of a helper holds a distance, which its tests know no name of; in answers the number may stay. */
const withHelperNames = (pattern: TextPattern): TextPattern =>
  pattern.replace(/\bcall unknown$/, 'call {{unknown|bpf_[a-z0-9_]+}}')

const xlated: Check<readonly TextPattern[]> = (answer, wanted) => {
  if (answer.xlated === undefined) return one('instructions', 'xlated: nothing')
  const missing = firstMisplaced(xlatedText(answer.xlated), wanted.map(withHelperNames))
  return missing === undefined ? NONE : one('instructions', `xlated lacks, or has elsewhere, ${json(missing)}`)
}

/** Machine code is told apart by whoever has a disassembler. */
const jited: Check<readonly TextPattern[]> = () => lacking(['patterns of machine code'])

function insns(holds: boolean): Check<readonly (readonly string[])[]> {
  return (answer, groups) => {
    if (answer.xlated === undefined) return one('instructions', 'xlated: nothing')
    if (hasInsns(answer.xlated, groups) === holds) return NONE
    return one(
      'instructions',
      `xlated ${holds ? 'lacks' : 'has'} ${groups.map((group) => group.join(' ')).join(' ... ')}`,
    )
  }
}

/** Holds one field of the runs against what is wanted of it. */
function eachRun<Value extends number | string>(
  name: 'retval' | 'run_errno' | 'data_out' | 'ctx_out',
  kind: FailureReason,
  same: (got: unknown, wanted: Value) => boolean = (got, wanted) => got === wanted,
): Check<EachRun<Value>> {
  return (answer, wanted) => {
    const runs = runsOf(answer)
    const values = Array.isArray(wanted) ? (wanted as readonly (Value | null)[]) : [wanted as Value]
    return values.flatMap((value, index) => {
      const run: RunAnswer = runs[index] ?? {}
      if (value === null || same(run[name], value)) return NONE
      if (run.timed_out) return one('timeout', 'the time limit ended the run')
      if (run.unsupported !== undefined) return lacking(run.unsupported)
      // The kernel's own runners take it for no failure that there is no way to run a program.
      if (name !== 'run_errno' && run.run_errno === 'ENOTSUPP') return NONE
      const place = values.length === 1 ? '' : `run ${index}: `
      return one(kind, `${place}${name}: ${json(run[name])}, expected ${json(value)}`)
    })
  }
}

const sameU32 = (got: unknown, wanted: number): boolean => typeof got === 'number' && got >>> 0 === wanted >>> 0

/** How the fields of an expectation are held against an answer. */
// biome-ignore format: table
const CHECKS: { readonly [Name in keyof Expectation]-?: Check<NonNullable<Expectation[Name]>> } = {
  load_ok:            loadOk,
  errno:              equal('errno', 'errno'),
  log,
  log_lacks:          logLacks,
  insn_processed:     equal('insn_processed', 'verifier-statistics'),
  stack_depth:        equal('stack_depth', 'verifier-statistics'),
  xlated,
  jited,
  xlated_insns:       insns(true),
  xlated_lacks_insns: insns(false),
  run_errno:          eachRun<number | string>('run_errno', 'run-error'),
  retval:             eachRun<number>('retval', 'result', sameU32),
  data_out:           eachRun<string>('data_out', 'result'),
  ctx_out:            eachRun<string>('ctx_out', 'result'),
  r0:                 equal('r0', 'result'),
}

const CHECK_NAMES = Object.keys(CHECKS) as readonly (keyof Expectation)[]
