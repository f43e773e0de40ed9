import type { RunPart } from '../bare/run-outcome.ts'
import type { Answer, Reason } from '../report/answer.ts'

/** An answer of what each run came to, held against what it should. @param results 32 bits each, unsigned */
export function judgeResults(
  asked: Pick<Answer, 'id' | 'engine'>,
  parts: readonly RunPart[],
  results: readonly number[],
): Answer {
  const reasons = results.flatMap((result, index) => complaints(parts[index], result, index, results.length))
  const [first] = parts
  const runs = parts.map(({ run_errno, retval, duration_ns }) => ({
    ...(run_errno === undefined ? {} : { run_errno }),
    ...(retval === undefined ? {} : { retval }),
    ...(duration_ns === undefined ? {} : { duration_ns }),
  }))
  return {
    ...asked,
    ...first,
    ...(parts.length > 1 ? { runs } : {}),
    pass: reasons.length === 0,
    ...(reasons.length === 0 ? {} : { differs: reasons.map(({ text }) => text), reasons }),
  }
}

function complaints(part: RunPart = {}, result: number, index: number, count: number): Reason[] {
  if (part.retval === result) return []
  const run = count > 1 ? `run ${index}: ` : ''
  return [{ kind: kindOf(part), text: `${run}retval: ${part.retval ?? part.error ?? 'nothing'}, expected ${result}` }]
}

function kindOf({ load_ok, retval }: RunPart): Reason['kind'] {
  if (load_ok !== true) return 'refused'
  return retval === undefined ? 'run-error' : 'result'
}
