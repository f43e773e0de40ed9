import type { ConformanceReport } from '../conformance-report.ts'
import type { Counts } from '../tally.ts'
import { filterLink, type HtmlCell, type HtmlColumn, htmlTable } from './html-table.ts'
import { count, htmlText, secondsText } from './html-text.ts'

/** Title and what the run was. */
export function header(report: ConformanceReport): string {
  const { source, release, engines, oracle, startedAt, wallMs, workers, notes = [] } = report.facts
  const facts = [
    ...(release === undefined ? [] : [`Linux ${release}`]),
    source,
    `engines: ${engines.join(', ')}`,
    ...(oracle === undefined ? [] : [`running kernel: ${oracle}`]),
    ...(startedAt === undefined ? [] : [startedAt]),
    ...(wallMs === undefined
      ? []
      : [`${secondsText(wallMs / 1000)} s${workers === undefined ? '' : ` on ${workers} workers`}`]),
  ]
  return `<header>
<h1>Conformance</h1>
<p class="facts">${facts.map((fact) => `<span>${htmlText(fact)}</span>`).join('')}</p>
${notes.map((note) => `<p class="note">${htmlText(note)}</p>`).join('\n')}
</header>`
}

/** The figures that matter, large, and how they share the whole. */
export function tiles(report: ConformanceReport): string {
  const { held, ran, passed, failed, notRun, asked } = report.totals
  const agreement = report.agreement()
  const share = ran === 0 ? '' : `${((100 * passed) / ran).toFixed(2)} % of those that ran`
  const kernel =
    agreement === undefined
      ? []
      : [
          tile(
            'same as the kernel',
            count(agreement.agree),
            `${count(agreement.differ)} otherwise, of ${count(agreement.asked)}`,
          ),
        ]
  return `<dl class="tiles">
${tile('cases', count(held), asked === held ? '' : `${count(asked)} questions`)}
${tile('ran', count(ran))}
${tile('passed', count(passed), share, 'passed')}
${tile('failed', count(failed), '', failed > 0 ? 'failed' : '')}
${tile('not run', count(notRun))}
${kernel.join('\n')}
</dl>
${shareBar(report.totals)}`
}

function tile(name: string, value: string, more = '', className = ''): string {
  const small = more === '' ? '' : `<small>${htmlText(more)}</small>`
  return `<div${className === '' ? '' : ` class="${className}"`}><dt>${htmlText(name)}</dt><dd>${value}${small}</dd></div>`
}

/** Passed, failed, not run, as parts of a bar. */
function shareBar({ held, passed, failed, notRun }: Counts): string {
  const part = (className: string, cases: number): string =>
    cases === 0 ? '' : `<i class="${className}" style="width:${((100 * cases) / held).toFixed(2)}%"></i>`
  const label = `${passed} passed, ${failed} failed, ${notRun} not run`
  return `<div class="bar" role="img" aria-label="${label}">${part('passed', passed)}${part('failed', failed)}${part('other', notRun)}</div>`
}

const numeric = (title: string): HtmlColumn => ({ title, numeric: true })
const COUNT_COLUMNS = [numeric('held'), numeric('ran'), numeric('passed'), numeric('failed'), numeric('not run')]
const countCells = ({ held, ran, passed, failed, notRun }: Counts): number[] => [held, ran, passed, failed, notRun]

export function suitesTable(report: ConformanceReport): string {
  const rows = report
    .suites()
    .map((row): HtmlCell[] => [row.suite, { html: shareBar(row) }, ...countCells(row), secondsText(row.seconds)])
  const { totals, timing } = report
  const sum = ['all', { html: shareBar(totals) }, ...countCells(totals), secondsText(timing.seconds)]
  const columns = [{ title: 'suite' }, { title: '' }, ...COUNT_COLUMNS, numeric('seconds')]
  return htmlTable('by suite', columns, rows, rows.length > 1 ? { sum } : {})
}

/** Links lead to the failures of a file. */
export function filesTable(report: ConformanceReport): string {
  const rows = report.files().map((row): HtmlCell[] => {
    const [held, ran, passed, failed, notRun] = countCells(row) as [number, number, number, number, number]
    const failures = failed === 0 ? 0 : filterLink('search', row.file, failed)
    return [row.suite, row.file, { html: shareBar(row) }, held, ran, passed, failures, notRun, secondsText(row.seconds)]
  })
  const columns = [{ title: 'suite' }, { title: 'file' }, { title: '' }, ...COUNT_COLUMNS, numeric('seconds')]
  return htmlTable('by file', columns, rows, { sortable: true })
}

export function reasonsTable(report: ConformanceReport): string {
  const rows = report.reasons().map(({ outcome, reason, meaning, cases }): HtmlCell[] => {
    const link = outcome === 'failed' ? filterLink('reason', reason, reason) : reason
    return [link, outcome.replace('-', ' '), cases, meaning]
  })
  const columns = [{ title: 'reason' }, { title: 'outcome' }, numeric('cases'), { title: 'meaning' }]
  return rows.length === 0 ? '<p>Every case ran and passed.</p>' : htmlTable('by reason', columns, rows)
}

/** What `unsupported` stands for; empty where nothing is. */
export function unsupportedTable(report: ConformanceReport): string {
  const rows = report
    .unsupported()
    .map(({ what, questions }): HtmlCell[] => [filterLink('search', what, what), questions])
  if (rows.length === 0) return ''
  return `<h3>Unsupported</h3>\n<div class="narrow">${htmlTable('unsupported', [{ title: 'what' }, numeric('questions')], rows)}</div>`
}

export function enginesTable(report: ConformanceReport): string {
  const rows = report
    .engines()
    .map(({ engine, cases, passed, failed, unjudged }): HtmlCell[] => [engine, cases, passed, failed, unjudged])
  const columns = [{ title: 'engine' }, numeric('asked'), numeric('passed'), numeric('failed'), numeric('not judged')]
  return htmlTable('by engine', columns, rows)
}

/** Expected by the vector, by us, by the running kernel: how often they say the same. Empty where it was not asked. */
export function kernelTable(report: ConformanceReport): string {
  const agreement = report.agreement()
  if (agreement === undefined) return ''
  const { asked, agree, differ, unanswered, asExpected, inOtherWords, notAsExpected } = agreement
  const rows: HtmlCell[][] = [
    ['asked', asked],
    ['the same as all engines', agree],
    ['otherwise', differ === 0 ? 0 : filterLink('kind', 'differs', differ)],
    ['without an answer', unanswered],
    ['as the vector expects', asExpected],
    ['but for words of the log', inOtherWords],
    ['not as the vector expects', notAsExpected],
  ]
  return `<h2 id="kernel">The running kernel</h2>\n${htmlTable('the running kernel', [{ title: '' }, numeric('answers')], rows)}`
}
