import type { ConformanceReport } from '../conformance-report.ts'
import { failureText } from '../failure-text.ts'
import { meaningOf } from '../reasons.ts'
import { writeReportFile } from '../report-file.ts'
import type { KeptResult } from '../report-rows.ts'
import { xmlTag, xmlText } from './xml-text.ts'

/**
 * Writes the report as JUnit XML, as Jenkins, GitLab and others take it: a `testsuite` a file, a `testcase` a case and
 * privilege.
 *
 * @throws ConformanceError CONFORMANCE_UNWRITABLE
 * @see https://github.com/testmoapp/junitxml
 */
export function writeJunit(report: ConformanceReport, path: string): void {
  writeReportFile(path, junitPieces(report))
}

/** The document in pieces, a case each. */
export function* junitPieces(report: ConformanceReport): Generator<string> {
  const { source, wallMs, startedAt } = report.facts
  const time = wallMs === undefined ? undefined : seconds(wallMs)
  yield '<?xml version="1.0" encoding="UTF-8"?>\n'
  yield line(xmlTag('testsuites', { name: `conformance ${source}`, ...counts([...report.results()]), time }, '>'))
  for (const { file, results } of report.resultsByFile()) {
    const sum = results.reduce((ms, { durationMs }) => ms + durationMs, 0)
    const attributes = { name: file, ...counts(results), time: seconds(sum), timestamp: startedAt }
    yield line(xmlTag('testsuite', attributes, '>'), 1)
    for (const result of results) yield testcase(result)
    yield line('</testsuite>', 1)
  }
  yield '</testsuites>\n'
}

/** Attributes that Jenkins adds up; an answer that is missing is a failure as any other. */
function counts(results: readonly KeptResult[]): Readonly<Record<string, number>> {
  const of = (outcome: KeptResult['outcome']): number => results.filter((result) => result.outcome === outcome).length
  return { tests: results.length, failures: of('failed'), errors: 0, skipped: of('not-run') }
}

function testcase(result: KeptResult): string {
  const { file, line: at, id, outcome, durationMs } = result
  const attributes = { classname: file, name: id, time: seconds(durationMs), file, line: at }
  if (outcome === 'passed') return line(xmlTag('testcase', attributes, '/>'), 2)
  const inner = outcome === 'failed' ? failure(result) : xmlTag('skipped', { message: message(result) }, '/>')
  return line(`${xmlTag('testcase', attributes, '>')}${inner}</testcase>`, 2)
}

function failure(result: KeptResult): string {
  const text = xmlText(`${result.name}\n${failureText(result)}`)
  return `${xmlTag('failure', { message: message(result), type: result.reason ?? 'no-answer' }, '>')}${text}</failure>`
}

function message({ reason = '', detail }: KeptResult): string {
  const [first = ''] = (detail ?? '').split('\n')
  return `${reason}: ${first === '' ? meaningOf(reason) : first}`
}

const line = (text: string, depth = 0): string => `${'  '.repeat(depth)}${text}\n`

/** As Surefire writes times: seconds, three digits. */
const seconds = (ms: number): string => (ms / 1000).toFixed(3)
