import type { ConformanceReport } from '../conformance-report.ts'
import { writeReportFile } from '../report-file.ts'

/**
 * Writes the report as one HTML page that needs nothing else.
 *
 * @throws ConformanceError CONFORMANCE_UNWRITABLE
 */
export function writeHtml(report: ConformanceReport, path: string): void {
  writeReportFile(path, htmlPieces(report))
}

/** The page in pieces. */
export function* htmlPieces(report: ConformanceReport): Generator<string> {
  yield `<!doctype html>\n<title>${report.facts.source.replaceAll(/[<&]/g, ' ')}</title>\n`
}
