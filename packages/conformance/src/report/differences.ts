import type { Expectation } from '../vector/expectation.ts'
import { type Answer, type RunAnswer, runsOf } from './answer.ts'

/** What two answers must have in common: verdict and results, not times and sizes. */
const OF_LOAD = ['load_ok', 'errno'] as const
const OF_RUN = ['retval', 'run_errno', 'data_out', 'ctx_out'] as const

/**
 * Where `answer` differs from another's; what only one of them tells is no difference, nor is what one of them does not
 * do, nor a result of which anything is expected (`null`): an address, mostly.
 */
export function differences(answer: Answer, other: Answer, expect?: Expectation): string[] {
  if (answer.load_ok !== true && (answer.unsupported ?? other.unsupported) !== undefined) return []
  const [mine, theirs] = [runsOf(answer), runsOf(other)]
  return [
    ...apart(OF_LOAD, answer, other, other.engine),
    ...mine.flatMap((run, index) => {
      const found = apart(ofRun(expect, index), run, theirs[index] ?? {}, other.engine)
      return mine.length > 1 ? found.map((text) => `run ${index}: ${text}`) : found
    }),
  ]
}

type RunField = (typeof OF_RUN)[number]

function ofRun(expect: Expectation | undefined, run: number): readonly RunField[] {
  return OF_RUN.filter((name) => {
    const wanted = expect?.[name]
    return !Array.isArray(wanted) || (wanted as readonly unknown[])[run] !== null
  })
}

function apart<Name extends keyof Answer>(
  names: readonly Name[],
  mine: Pick<Partial<Answer>, Name> & RunAnswer,
  theirs: Pick<Partial<Answer>, Name> & RunAnswer,
  engine: string,
): string[] {
  if (mine.unsupported !== undefined || theirs.unsupported !== undefined) return []
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
