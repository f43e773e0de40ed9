import type { CaseResult } from './case-result.ts'
import { compareText } from './compare-text.ts'
import type { FileRow, KeptResult, SuiteName } from './report-rows.ts'
import { Tally } from './tally.ts'
import { Timing } from './timing.ts'

/** What came of the cases of a file. */
export class FileRecord {
  readonly suite: SuiteName
  readonly file: string
  readonly tally: Tally = new Tally()
  readonly timing: Timing = new Timing()
  readonly #results: KeptResult[] = []

  constructor(suite: SuiteName, file: string) {
    this.suite = suite
    this.file = file
  }

  add(result: CaseResult): void {
    this.timing.add(result)
    this.#results.push(kept(result))
  }

  get row(): FileRow {
    const { seconds, secondsByPhase } = this.timing
    return { suite: this.suite, file: this.file, ...this.tally.counts, seconds, secondsByPhase }
  }

  /** By line, then by id. */
  get results(): KeptResult[] {
    return this.#results.sort((a, b) => a.line - b.line || compareText(a.id, b.id))
  }
}

/** Whether a report shows all of it. */
const isTold = ({ outcome, differsFromKernel = [] }: KeptResult): boolean =>
  outcome === 'failed' || differsFromKernel.length > 0

function kept(result: CaseResult): KeptResult {
  if (isTold(result)) return result
  const { id, suite, file, line, name, privilege, outcome, reason, detail, durationMs } = result
  const why = { ...(reason === undefined ? {} : { reason }), ...(detail === undefined ? {} : { detail }) }
  return { id, suite, file, line, name, privilege, outcome, durationMs, ...why }
}
