import { PHASES } from '../case-result.ts'
import type { ConformanceReport } from '../conformance-report.ts'
import { writeReportFile } from '../report-file.ts'
import { casesList, caseTools, notRunLists } from './cases-list.ts'
import { filterCases } from './filter-cases.ts'
import { htmlTable } from './html-table.ts'
import { htmlText, secondsText } from './html-text.ts'
import { openCases } from './open-cases.ts'
import {
  enginesTable,
  filesTable,
  header,
  kernelTable,
  reasonsTable,
  suitesTable,
  tiles,
  unsupportedTable,
} from './overview.ts'
import { PAGE_STYLE } from './page-style.ts'
import { sortTables } from './sort-tables.ts'
import { PHASE_WORDS, timingPlot } from './timing-plot.ts'

/**
 * Writes the report as one HTML page that needs nothing else, no network either: totals, tables, every failure with its
 * instructions and logs.
 *
 * @throws ConformanceError CONFORMANCE_UNWRITABLE
 */
export function writeHtml(report: ConformanceReport, path: string): void {
  writeReportFile(path, htmlPieces(report))
}

/** Without it the page still shows totals, tables, and a line a case. */
const SCRIPT = [openCases, filterCases, sortTables].map((part) => `(${part})();`).join('\n')

/** What the page may do, whatever a log holds: run its own script, show its own style, load nothing. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/** The page in pieces, a case each. */
export function* htmlPieces(report: ConformanceReport): Generator<string> {
  const { failed } = report.totals
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${htmlText(`${failed} failed: conformance, ${report.facts.source}`)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${header(report)}
<nav aria-label="sections"><a href="#suites">suites</a> <a href="#reasons">reasons</a> <a href="#cases">failures</a> <a href="#files">files</a> <a href="#not-run">not run</a> <a href="#timing">timing</a></nav>
<main>
${tiles(report)}
<h2 id="suites">Suites</h2>
${suitesTable(report)}
<h2 id="reasons">Reasons</h2>
${reasonsTable(report)}
${unsupportedTable(report)}
<h2 id="engines">Engines</h2>
${enginesTable(report)}
${kernelTable(report)}
<section aria-labelledby="cases">
<h2 id="cases">Failures${report.agreement() === undefined ? '' : ' and disagreements'}</h2>
<noscript><p>Instructions and logs are shown by a script; totals and tables need none.</p></noscript>
${caseTools(report)}
`
  yield* casesList(report)
  yield `</section>\n<h2 id="files">Files</h2>\n${filesTable(report)}\n<h2 id="not-run">Not run</h2>\n`
  yield* notRunLists(report)
  yield problems(report)
  yield `${timing(report)}\n</main>\n<script>${SCRIPT}</script>\n</body>\n</html>\n`
}

function problems(report: ConformanceReport): string {
  const lines = report.problems()
  if (lines.length === 0) return ''
  const items = lines.map((line) => `<li>${htmlText(line)}</li>`).join('\n')
  return `<details><summary>not read (${lines.length})</summary>\n<ul>\n${items}\n</ul></details>\n`
}

function timing(report: ConformanceReport): string {
  const { secondsByPhase, slowest } = report.timing
  const phases = PHASES.filter((phase) => secondsByPhase[phase] !== undefined)
  const legend = phases.map(
    (phase) =>
      `<span><svg width="10" height="10" aria-hidden="true"><rect class="${phase}" width="10" height="10"/></svg> ${PHASE_WORDS[phase]}: ${secondsText(secondsByPhase[phase] ?? 0)} s</span>`,
  )
  const rows = slowest.map(({ id, seconds }) => [id, secondsText(seconds)])
  return `<h2 id="timing">Timing</h2>
<p class="facts">${legend.join('')}</p>
${timingPlot(report.files())}
<h3>The slowest cases</h3>
<div class="narrow">${htmlTable('the slowest cases', [{ title: 'case' }, { title: 'seconds', numeric: true }], rows)}</div>`
}
