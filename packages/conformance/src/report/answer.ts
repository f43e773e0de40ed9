import type { Expectation } from '../vector/vector.ts'

/** What came of one run. */
export interface RunAnswer {
  /** 0, or a name. */
  readonly run_errno?: number | string
  /** The low 32 bits of r0, unsigned. */
  readonly retval?: number
  /** Hex. */
  readonly data_out?: string
  readonly ctx_out?: string
  readonly duration_ns?: number
}

/** The answer to one case by one engine, or by the kernel: a line of `vectors run --jsonl`. */
export interface Answer extends RunAnswer {
  readonly id: unknown
  readonly engine: string
  readonly load_ok?: boolean
  /** 0, or a name such as EACCES. */
  readonly errno?: number | string
  readonly verifier_log?: string
  readonly insn_processed?: number
  readonly total_states?: number
  readonly peak_states?: number
  /** By subprogram: `16+0`. */
  readonly stack_depth?: string | number
  readonly verification_time_us?: number
  /** Wall clock of the load. */
  readonly load_us?: number
  readonly xlated_len?: number
  readonly jited_len?: number
  readonly tag?: string
  /** All bits of r0, hex, of a program that no verifier sees. */
  readonly r0?: string
  readonly runs?: readonly RunAnswer[]
  /** Why there is no answer: a map that can't be made, a question that makes no sense. */
  readonly error?: string
  /** Whether it is as expected; absent where nothing is expected. */
  readonly pass?: boolean
  /** What differs from the expectation: `retval: 2, expected 1`. */
  readonly differs?: readonly string[]
}

/** How one field of an expectation is held against an answer. */
type Comparison = (answer: Answer, wanted: unknown) => boolean

const equal =
  (name: keyof Answer): Comparison =>
  (answer, wanted) =>
    (answer[name] ?? firstRun(answer)[name as keyof RunAnswer]) === wanted

const firstRun = (answer: Answer): RunAnswer => answer.runs?.[0] ?? {}

const COMPARISONS: Readonly<Record<keyof Expectation, Comparison>> = {
  load_ok: equal('load_ok'),
  errno: equal('errno'),
  log: (answer, wanted) => answer.verifier_log?.includes(String(wanted)) === true,
  insn_processed: equal('insn_processed'),
  retval: equal('retval'),
  run_errno: equal('run_errno'),
  data_out: equal('data_out'),
  ctx_out: equal('ctx_out'),
  r0: equal('r0'),
}

/** The answer with `pass`, and what differs. */
export function judge(answer: Answer, expect: Expectation | undefined): Answer {
  if (expect === undefined) return answer.error === undefined ? answer : { ...answer, pass: false }
  const differs = Object.entries(COMPARISONS).flatMap(([name, holds]) => {
    const wanted = expect[name as keyof Expectation]
    return wanted === undefined || holds(answer, wanted) ? [] : [difference(answer, name as keyof Expectation, wanted)]
  })
  const pass = differs.length === 0 && answer.error === undefined
  return { ...answer, pass, ...(differs.length === 0 ? {} : { differs }) }
}

function difference(answer: Answer, name: keyof Expectation, wanted: unknown): string {
  if (name === 'log') return `log lacks ${JSON.stringify(wanted)}`
  const got = answer[name] ?? firstRun(answer)[name as keyof RunAnswer]
  return `${name}: ${JSON.stringify(got) ?? 'nothing'}, expected ${JSON.stringify(wanted)}`
}

/** What two answers must have in common: verdict and results, not times and sizes. */
const COMPARED: readonly (keyof Answer & keyof Expectation)[] = [
  'load_ok',
  'errno',
  'retval',
  'run_errno',
  'data_out',
  'ctx_out',
]

/** Where `answer` differs from another's; what only one of them tells is no difference. */
export function differences(answer: Answer, other: Answer): string[] {
  return COMPARED.flatMap((name) => {
    const [mine, theirs] = [answer, other].map((one) => one[name] ?? firstRun(one)[name as keyof RunAnswer])
    if (mine === undefined || theirs === undefined || mine === theirs) return []
    return [`${name}: ${JSON.stringify(mine)}, ${other.engine} says ${JSON.stringify(theirs)}`]
  })
}

/** Whether a program gave no result: refused, or stopped in its run. */
export function failed({ load_ok, run_errno }: Answer): boolean {
  return load_ok !== true || (run_errno !== undefined && run_errno !== 0)
}

/** As {@link differences}, for programs that no verifier saw: where one verifies and one does not, a failure is a failure. */
export function bareDifferences(answer: Answer, other: Answer): string[] {
  if (failed(answer) !== failed(other)) {
    const words = failed(answer) ? 'failed' : 'ran'
    return [`${words}, ${other.engine} ${failed(other) ? `refuses: ${lastWords(other)}` : 'runs it'}`]
  }
  if (failed(answer)) return []
  return (['r0', 'data_out'] as const).flatMap((name) =>
    answer[name] === other[name] ? [] : [`${name}: ${answer[name]}, ${other.engine} says ${other[name]}`],
  )
}

/** What a refusal says in the end. */
function lastWords({ verifier_log, error }: Answer): string {
  const lines = (verifier_log ?? '')
    .split('\n')
    .filter((line) => line !== '' && !/^(processed|verification|stack) /.test(line))
  return lines.at(-1) ?? error ?? 'no reason given'
}
