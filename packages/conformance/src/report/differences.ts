import type { Answer, RunAnswer } from './answer.ts'
import { runsOf } from './answer.ts'

/** What two answers must have in common: verdict and results, not times and sizes. */
const OF_LOAD = ['load_ok', 'errno'] as const
const OF_RUN = ['retval', 'run_errno', 'data_out', 'ctx_out'] as const

/**
 * Where `answer` differs from another's; what only one of them tells is no difference, nor is what one of them does not
 * do.
 */
export function differences(answer: Answer, other: Answer): string[] {
  if (answer.load_ok !== true && (answer.unsupported ?? other.unsupported) !== undefined) return []
  const runs = runsOf(answer).map((run, index) => apart(OF_RUN, run, runsOf(other)[index] ?? {}, other.engine))
  const several = runs.length > 1
  return [
    ...apart(OF_LOAD, answer, other, other.engine),
    ...runs.flatMap((texts, index) => texts.map((text) => (several ? `run ${index}: ${text}` : text))),
  ]
}

function apart<Name extends keyof Answer>(
  names: readonly Name[],
  mine: Pick<Partial<Answer>, Name> & RunAnswer,
  theirs: Pick<Partial<Answer>, Name> & RunAnswer,
  engine: string,
): string[] {
  if ((mine.run_errno === 'ENOTSUPP' && mine.unsupported !== undefined) || theirs.unsupported !== undefined) return []
  return names.flatMap((name) => {
    if (mine[name] === undefined || theirs[name] === undefined || mine[name] === theirs[name]) return []
    return [`${name}: ${JSON.stringify(mine[name])}, ${engine} says ${JSON.stringify(theirs[name])}`]
  })
}

/** Whether a program gave no result: refused, or stopped in its run. */
function failed({ load_ok, run_errno }: Answer): boolean {
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
export function lastWords({ verifier_log, error }: Answer): string {
  const lines = (verifier_log ?? '')
    .split('\n')
    .filter((line) => line !== '' && !/^(processed|verification|stack) /.test(line))
  return lines.at(-1) ?? error ?? 'no reason given'
}
