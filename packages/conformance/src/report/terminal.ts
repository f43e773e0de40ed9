import type { ConformanceReport } from './conformance-report.ts'
import type { FileRow } from './report-rows.ts'
import type { Counts } from './tally.ts'

/** A table for whoever prints it: numbers are to be right-aligned. */
export interface TextTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** The summary for people: tables in their order, then lines. */
export interface TerminalReport {
  readonly tables: readonly TextTable[]
  readonly lines: readonly string[]
}

export interface TerminalOptions {
  /** All files, not only those where something failed. */
  readonly verbose?: boolean
}

/** What a person wants to read at the end of a run: files (that failed), suites, reasons, engines, the rate. */
export function terminalReport(report: ConformanceReport, { verbose = false }: TerminalOptions = {}): TerminalReport {
  const files = report.files().filter(({ failed }) => verbose || failed > 0)
  const tables = [
    table(['file', ...COUNT_HEAD, 'seconds'], files.map(fileRow)),
    table(['suite', ...COUNT_HEAD, 'seconds'], suiteRows(report)),
    reasonTable(report),
    unsupportedTable(report),
    engineTable(report),
  ]
  return {
    tables: tables.filter(({ rows }) => rows.length > 0),
    lines: [...agreementLines(report), ...rateLines(report)],
  }
}

const COUNT_HEAD = ['held', 'ran', 'passed', 'failed', 'not run'] as const

const countCells = ({ held, ran, passed, failed, notRun }: Counts): number[] => [held, ran, passed, failed, notRun]
const secondsCell = (seconds: number): string => seconds.toFixed(seconds < 10 ? 2 : 1)

const table = (head: readonly string[], rows: TextTable['rows']): TextTable => ({ head, rows })

function fileRow(row: FileRow): (string | number)[] {
  return [row.file, ...countCells(row), secondsCell(row.seconds)]
}

function suiteRows(report: ConformanceReport): (string | number)[][] {
  const suites = report.suites()
  const rows = suites.map((row) => [row.suite, ...countCells(row), secondsCell(row.seconds)])
  if (suites.length < 2) return rows
  return [...rows, ['total', ...countCells(report.totals), secondsCell(report.timing.seconds)]]
}

function reasonTable(report: ConformanceReport): TextTable {
  const rows = report
    .reasons()
    .map(({ outcome, reason, cases, meaning }) => [outcome.replace('-', ' '), reason, cases, meaning])
  return table(['outcome', 'reason', 'cases', ''], rows)
}

/** So many are told; the other reports have all. */
const MOST_UNSUPPORTED = 10

function unsupportedTable(report: ConformanceReport): TextTable {
  const rows = report.unsupported().map(({ what, questions }) => [what, questions])
  return table(['unsupported', 'questions'], rows.slice(0, MOST_UNSUPPORTED))
}

function engineTable(report: ConformanceReport): TextTable {
  const rows = report
    .engines()
    .map(({ engine, cases, passed, failed, unjudged }) => [engine, cases, passed, failed, unjudged])
  return table(['engine', 'asked', 'passed', 'failed', 'not judged'], rows)
}

function agreementLines(report: ConformanceReport): string[] {
  const agreement = report.agreement()
  if (agreement === undefined) return []
  const { asked, agree, differ, unanswered, asExpected, inOtherWords, notAsExpected } = agreement
  const { oracle = 'the running kernel' } = report.facts
  const rest = unanswered === 0 ? '' : `, ${unanswered} without an answer`
  const itself = `${asExpected} as the vectors expect, ${inOtherWords} in other words, ${notAsExpected} otherwise`
  return [`Linux ${oracle} was asked ${asked} times: ${agree} the same, ${differ} otherwise${rest}; itself ${itself}`]
}

function rateLines(report: ConformanceReport): string[] {
  const { wallMs, workers, notes = [] } = report.facts
  const { asked, passed, ran } = report.totals
  const share = ran === 0 ? '' : ` (${((100 * passed) / ran).toFixed(2)} % of those that ran)`
  const total = `${passed} of ${ran} passed${share}`
  if (wallMs === undefined || wallMs === 0) return [total, ...notes]
  const threads = workers === undefined ? '' : ` on ${workers} ${workers === 1 ? 'worker' : 'workers'}`
  const rate = ((asked / wallMs) * 1000).toFixed(0)
  return [`${total}, in ${(wallMs / 1000).toFixed(1)} s${threads}: ${rate} cases a second`, ...notes]
}
