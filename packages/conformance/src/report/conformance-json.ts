import type { ConformanceReport } from './conformance-report.ts'
import type {
  Agreement,
  FileRow,
  KeptResult,
  ReasonRow,
  RunFacts,
  SecondsByPhase,
  SuiteRow,
  UnsupportedRow,
} from './report-rows.ts'
import type { EngineSummary } from './summary.ts'
import type { Counts } from './tally.ts'
import type { SlowCase } from './timing.ts'

/** The JSON form of a report: what `conformance --json` prints. Logs are in the HTML and JUnit reports. */
export interface ConformanceJson extends Omit<RunFacts, 'wallMs'> {
  readonly $schema: 'bpfoundry.conformance/1'
  readonly totals: Counts & { readonly asked: number }
  readonly suites: readonly SuiteRow[]
  readonly files: readonly FileRow[]
  readonly reasons: readonly ReasonRow[]
  /** What failures of reason `unsupported` lack. */
  readonly unsupported: readonly UnsupportedRow[]
  readonly byEngine: readonly EngineSummary[]
  readonly kernel?: Agreement
  readonly failures: readonly FailureJson[]
  /** What could not be read, a line each. */
  readonly problems: readonly string[]
  readonly timing: {
    readonly wallSeconds?: number
    /** Of all threads together. */
    readonly seconds: number
    readonly secondsByPhase: SecondsByPhase
    readonly slowest: readonly SlowCase[]
  }
}

type FailureJson = Pick<KeptResult, 'id' | 'file' | 'line' | 'name' | 'reason' | 'detail' | 'expected'>

/** Schema `bpfoundry.conformance/1`. */
export function conformanceJson(report: ConformanceReport): ConformanceJson {
  const { wallMs, ...facts } = report.facts
  const kernel = report.agreement()
  const { seconds, secondsByPhase, slowest } = report.timing
  return {
    $schema: 'bpfoundry.conformance/1',
    ...facts,
    totals: report.totals,
    suites: report.suites(),
    files: report.files(),
    reasons: report.reasons(),
    unsupported: report.unsupported(),
    byEngine: report.engines(),
    ...(kernel === undefined ? {} : { kernel }),
    failures: report.failures().map(failureJson),
    problems: report.problems(),
    timing: { ...(wallMs === undefined ? {} : { wallSeconds: wallMs / 1000 }), seconds, secondsByPhase, slowest },
  }
}

const TOLD = ['id', 'file', 'line', 'name', 'reason', 'detail', 'expected'] as const

function failureJson(failure: KeptResult): FailureJson {
  const fields = TOLD.flatMap((name) => (failure[name] === undefined ? [] : [[name, failure[name]]]))
  return Object.fromEntries(fields) as FailureJson
}
