import { ourLog } from '../failure-text.ts'
import type { KeptResult } from '../report-rows.ts'
import { logDiff } from './log-diff.ts'

/** What the page shows of a case when it is opened; JSON, in a script element of its own. */
export interface CaseData {
  /** Facts, a row each. */
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly listing: readonly string[]
  readonly xlated: readonly string[]
  /** Lines. */
  readonly ours: readonly string[]
  /** Absent where the running kernel was not asked. */
  readonly theirs?: readonly string[]
  /** As `logDiff` gives it. */
  readonly diff?: readonly number[]
}

export function caseData(result: KeptResult): CaseData {
  const { kernel, listing = [], xlatedListing = [] } = result
  const ours = lines(ourLog(result))
  const theirs = kernel === undefined ? undefined : lines((kernel.verifier_log ?? '').trimEnd())
  return {
    facts: facts(result).filter(([, value]) => value !== ''),
    listing,
    xlated: xlatedListing,
    ours,
    ...(theirs === undefined ? {} : { theirs, diff: logDiff(ours, theirs) }),
  }
}

function facts(result: KeptResult): (readonly [string, string])[] {
  const { name, file, line, privilege, expected = '', detail = '', kernel, differsFromKernel = [] } = result
  return [
    ['name', name],
    ['place', `${file}:${line}`],
    ['loaded', privilege === 'full' ? '' : 'without privileges'],
    ['expected', expected],
    ['answered', detail],
    ['the running kernel', kernel === undefined ? '' : verdict(kernel)],
    ['differences', differsFromKernel.join('\n')],
  ]
}

type Kernel = NonNullable<KeptResult['kernel']>

function verdict({ load_ok, errno, error, retval, run_errno, runs = [] }: Kernel): string {
  if (error !== undefined) return error
  if (load_ok !== true) return `refuses: ${errno ?? 'no errno'}`
  const returned = (runs.length > 0 ? runs : [{ retval, run_errno }]).map((run) =>
    run.retval === undefined ? (run.run_errno ?? '') : `returns ${run.retval}`,
  )
  return ['accepts', ...returned.filter((text) => text !== '')].join('; ')
}

const lines = (text: string): string[] => (text === '' ? [] : text.split('\n'))
