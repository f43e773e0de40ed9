import type { ConformanceReport } from '../conformance-report.ts'
import { meaningOf } from '../reasons.ts'
import type { KeptResult } from '../report-rows.ts'
import { caseData } from './case-data.ts'
import { embeddedJson, htmlText } from './html-text.ts'

/** Search box, filters. */
export function caseTools(report: ConformanceReport): string {
  const reasons = report.reasons().filter(({ outcome }) => outcome === 'failed')
  const options = reasons.map(({ reason, cases }) => option(reason, `${reason} (${cases})`)).join('')
  return `<div class="tools" role="search">
<input type="search" id="search" placeholder="id, file, words  ( / )" aria-label="search cases">
<label><input type="checkbox" id="deep"> also in logs</label>
<select id="reason" aria-label="reason">${option('', 'any reason')}${options}</select>
<select id="kind" aria-label="kind">${option('', 'failed or different')}${option('failed', 'failed')}${option('differs', 'other than the running kernel')}</select>
<button type="button" id="open">open shown</button>
<button type="button" id="close">close all</button>
<output id="shown" aria-live="polite"></output>
</div>`
}

const option = (value: string, text: string): string => `<option value="${htmlText(value)}">${htmlText(text)}</option>`

/** Failures and disagreements, by file: a line each, and the rest as JSON for the page's script. */
export function* casesList(report: ConformanceReport): Generator<string> {
  let index = 0
  for (const { file, results } of report.resultsByFile()) {
    const told = results.filter(isTold)
    if (told.length === 0) continue
    yield `<section class="group"><h3>${htmlText(file)} <small>${told.length}</small></h3>\n<ol class="cases">\n`
    for (const result of told) yield caseItem(result, `case-${++index}`)
    yield '</ol></section>\n'
  }
  if (index === 0) yield '<p>None.</p>\n'
}

const isTold = ({ outcome, differsFromKernel = [] }: KeptResult): boolean =>
  outcome === 'failed' || differsFromKernel.length > 0

function caseItem(result: KeptResult, anchor: string): string {
  const { id, name, outcome, reason = '', detail, differsFromKernel = [] } = result
  const failed = outcome === 'failed'
  const differs = differsFromKernel.length > 0
  const kinds = [...(failed ? ['failed'] : []), ...(differs ? ['differs'] : [])].join(' ')
  const badges = `${failed ? badge(reason, '') : ''}${differs ? badge('kernel', 'other') : ''}`
  const [why = ''] = (detail ?? differsFromKernel[0] ?? '').split('\n')
  return `<li class="case" id="${anchor}" data-kind="${kinds}" data-reason="${failed ? htmlText(reason) : ''}">\
<button type="button" aria-expanded="false" title="${htmlText(name)}">\
<span class="id">${htmlText(id)}</span> <span>${badges}</span> <span class="why">${htmlText(why)}</span></button></li>
<script type="application/json" id="data-${anchor}">${embeddedJson(caseData(result))}</script>
`
}

function badge(text: string, className: string): string {
  return `<span class="badge ${className}" title="${htmlText(meaningOf(text))}">${htmlText(text)}</span>`
}

/** What was not run, by reason: every id, folded away. */
export function* notRunLists(report: ConformanceReport): Generator<string> {
  const byReason = new Map<string, KeptResult[]>()
  for (const result of report.results()) {
    if (result.outcome !== 'not-run') continue
    const reason = result.reason ?? 'unread'
    byReason.set(reason, [...(byReason.get(reason) ?? []), result])
  }
  for (const [reason, results] of byReason) {
    yield `<details><summary>${htmlText(reason)}: ${htmlText(meaningOf(reason))} (${results.length})</summary>\n<ul>\n`
    for (const { id, detail = '' } of results) yield `<li><code>${htmlText(id)}</code> ${htmlText(detail)}</li>\n`
    yield '</ul></details>\n'
  }
}
