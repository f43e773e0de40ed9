import {
  type BaselineComparison,
  type ConformanceReport,
  type KeptResult,
  type TextTable,
  terminalReport,
} from '@bpfoundry/conformance'
import { formatTable } from '../output.ts'

/** Failures that are named; the others are in the reports that files hold. */
const MOST_NAMED = 30
/** A longer line is cut: a difference can quote a log. */
const LINE_CHARACTERS = 160

/** A run for people: failures, tables, lines. */
export function conformanceText(report: ConformanceReport, verbose: boolean): string {
  const { tables, lines } = terminalReport(report, { verbose })
  const blocks = [failureLines(report), ...tables.map(tableText), lines.join('\n')]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

const tableText = ({ head, rows }: TextTable): string => formatTable(head, rows)

function failureLines(report: ConformanceReport): string {
  const failures = report.failures()
  const named = failures.slice(0, MOST_NAMED).map(failureLine)
  const rest = failures.length - named.length
  const more = rest > 0 ? [`(${rest} more failed; --html, --junit and --jsonl tell of all)`] : []
  return [...named, ...more].join('\n')
}

function failureLine({ id, reason = '', detail = '' }: KeptResult): string {
  const line = `${id}: ${reason}: ${detail.split('\n', 1)[0]}`
  return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}...` : line
}

/** What has changed since the baseline, for people. */
export function comparisonText(comparison: BaselineComparison): string {
  const { lost, missing, unasked, gained, otherEngines } = comparison
  const listed: readonly (readonly [string, readonly string[]])[] = [
    ['passed before, and fails', lost],
    ['passed before, and is not there', missing],
    ['passed before, and needs what this machine has not', unasked],
    ['passes now', gained],
    ['engine that the baseline was not made with', otherEngines],
  ]
  const lines = listed.filter(([, ids]) => ids.length > 0).flatMap(([what, ids]) => changedLines(what, ids))
  return `baseline: ${lines.length === 0 ? 'nothing has changed' : lines.join('\n')}\n`
}

function changedLines(what: string, ids: readonly string[]): string[] {
  const more = ids.length > MOST_NAMED ? [`  (${ids.length - MOST_NAMED} more)`] : []
  return [`${ids.length} ${what}`, ...ids.slice(0, MOST_NAMED).map((id) => `  ${id}`), ...more]
}
