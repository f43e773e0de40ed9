import { DEPLOYMENT_FATES, type FateCounts, FINAL_FATES, finalPackets } from '../../measure/deployment-fates.ts'
import type { DeploymentReport } from '../deployment-report.ts'
import { bitRateText, durationText, numberText, rateText, shareText } from '../figures.ts'
import { xmlText } from '../xml-text.ts'
import { type HtmlCell, htmlTable } from './html-table.ts'
import { PAGE_STYLE } from './page-style.ts'
import { fatePlots, latencyPlots, loadPlot, queuePlot, throughputPlots } from './plots.ts'

/** What the page may do, whatever a name in it holds: show its own style, load nothing, run nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/** Log lines on the page; the rest is in the JSON. */
const MOST_LOG_LINES = 500

/** The report as one HTML page that needs nothing else: no network, no script. */
export function deploymentHtml(report: DeploymentReport): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${xmlText(`${report.passed ? 'passed' : 'failed'}: ${report.name}`)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${header(report)}
<main>
${tiles(report)}
${SECTIONS.map(({ id, title, html }) => section(id, title, html(report))).join('\n')}
</main>
</body>
</html>
`
}

interface Section {
  readonly id: string
  readonly title: string
  /** Empty where there is nothing to show. */
  readonly html: (report: DeploymentReport) => string
}

const figure = (plot: string): string => (plot === '' ? '' : `<figure>${plot}</figure>`)

// biome-ignore format: table
const SECTIONS: readonly Section[] = [
  { id: 'expectations', title: 'Expectations',          html: expectations },
  { id: 'throughput',   title: 'Throughput over time',  html: (report) => `${faultHint(report)}${throughputPlots(report).map(figure).join('')}` },
  { id: 'fates',        title: 'Fates by time',         html: fatePlots },
  { id: 'latency',      title: 'Latency',               html: (report) => figure(latencyPlots(report)) },
  { id: 'load',         title: 'CPUs and cores',        html: (report) => figure(loadPlot(report)) },
  { id: 'queues',       title: 'Receive rings',         html: (report) => figure(queuePlot(report)) },
  { id: 'account',      title: 'Account of all packets', html: account },
  { id: 'traffic',      title: 'Traffic',               html: traffic },
  { id: 'links',        title: 'Links',                 html: links },
  { id: 'events',       title: 'Events',                html: events },
  { id: 'notes',        title: 'Where the figures are from', html: notes },
]

function section(id: string, title: string, html: string): string {
  return html === '' ? '' : `<section aria-labelledby="${id}">\n<h2 id="${id}">${title}</h2>\n${html}\n</section>`
}

function header(report: DeploymentReport): string {
  const { name, description, file, engine, seed, wall } = report
  const facts = [file, `engine ${engine}`, `seed ${seed}`, `simulated in ${wall.seconds.toFixed(2)} s of wall time`]
  const links = SECTIONS.filter(({ html }) => html(report) !== '').map(
    ({ id, title }) => `<a href="#${id}">${title.toLowerCase()}</a>`,
  )
  return `<header>
<h1>${xmlText(name)}</h1>
${description === undefined ? '' : `<p>${xmlText(description)}</p>`}
<p class="facts">${facts.map((fact) => `<span>${xmlText(fact)}</span>`).join('')}</p>
<nav aria-label="sections">${links.join(' ')}</nav>
</header>`
}

function tiles(report: DeploymentReport): string {
  const { packets, expectations: list, modelled, receivers, interrupted } = report
  const passed = list.filter((one) => one.passed).length
  const arrived = receivers.reduce((sum, receiver) => sum + receiver.packets, 0)
  const verdict = list.length === 0 ? '' : passed === list.length ? 'passed' : 'failed'
  const rows: [title: string, value: string, more: string, style: string][] = [
    ['expectations', `${passed} of ${list.length}`, 'came true', verdict],
    [
      'packets sent',
      numberText(packets.sent),
      packets.copies === 0 ? 'each has one end' : `and ${numberText(packets.copies)} copies`,
      '',
    ],
    ['arrived', shareText(packets.sent === 0 ? 0 : arrived / packets.sent), `${numberText(arrived)} packets`, ''],
    [
      'dropped by programs',
      shareText(packets.sent === 0 ? 0 : (packets.fates.drop ?? 0) / packets.sent),
      `${numberText(packets.fates.drop ?? 0)} packets`,
      '',
    ],
    [
      'modelled time',
      durationText(modelled.seconds * 1e9),
      interrupted ? 'stopped before the end' : rateText(packets.sent / Math.max(modelled.seconds, 1e-9)),
      interrupted ? 'failed' : '',
    ],
  ]
  return `<dl class="tiles">${rows.map(([title, value, more, style]) => `<div><dt>${title}</dt><dd class="${style}">${value}<small>${more}</small></dd></div>`).join('')}</dl>`
}

function expectations({ expectations: list }: DeploymentReport): string {
  if (list.length === 0) return ''
  const rows = list.map(({ name, passed, expected, got, line }): HtmlCell[] => {
    return [
      { html: passed ? '<span class="passed">passed</span>' : '<span class="failed">failed</span>' },
      name,
      expected,
      got,
      line,
    ]
  })
  return htmlTable(['', 'expectation', 'expected', 'got', 'line'], rows)
}

function faultHint({ log }: DeploymentReport): string {
  return log.some(({ source }) => source === 'fault')
    ? '<p class="hint">Dashed lines are faults, numbered as under <a href="#events">events</a>.</p>\n'
    : ''
}

function account({ interfaces, packets }: DeploymentReport): string {
  const ends = FINAL_FATES.filter((fate) => (packets.fates[fate] ?? 0) > 0)
  const whole = htmlTable(
    ['', 'packets', 'share'],
    ends.map((fate): HtmlCell[] => [
      words(fate),
      packets.fates[fate] ?? 0,
      shareText((packets.fates[fate] ?? 0) / Math.max(1, packets.sent + packets.copies)),
    ]),
    [
      'sum',
      finalPackets(packets.fates),
      `${numberText(packets.sent)} sent${packets.copies === 0 ? '' : ` + ${numberText(packets.copies)} copies`}`,
    ],
  )
  const seen = DEPLOYMENT_FATES.filter((fate) => interfaces.some(({ fates }) => (fates[fate] ?? 0) > 0))
  const rows = interfaces.map(({ path, in: came, fates, sent }): HtmlCell[] => [
    path,
    came,
    ...seen.map((fate) => fates[fate] ?? 0),
    sumOf(fates),
    sent,
  ])
  const table = htmlTable(['interface', 'in', ...seen.map(words), 'sum', 'left here'], rows)
  return `<h3>The whole deployment <small>where each packet ended</small></h3>\n${whole}\n<h3>By interface <small>what came in, and its fates</small></h3>\n${table}`
}

function sumOf(fates: FateCounts): number {
  return Object.values(fates).reduce((sum, packets) => sum + packets, 0)
}

function traffic({ traffic: list, receivers }: DeploymentReport): string {
  const got = receivers.filter(({ packets }) => packets > 0)
  const rows = list.map(({ name, sent, received, notDelivered }): HtmlCell[] => [
    name,
    sent,
    ...got.map((receiver) => received[receiver.name] ?? 0),
    notDelivered,
  ])
  const heads = got.map(({ name, kind }) => (kind === 'host' ? `${name} (stack)` : name))
  return rows.length === 0 ? '' : htmlTable(['traffic', 'sent', ...heads, 'not delivered'], rows)
}

function links({ links: list }: DeploymentReport): string {
  const rows = list.flatMap(({ name, between, bitsPerSecond, directions }) =>
    directions.map(({ sent, delivered, lost, overflow, underWay }, side): HtmlCell[] => {
      const way = side === 0 ? between : [...between].reverse()
      return [name, way.join(' → '), bitRateText(bitsPerSecond), sent, delivered, lost, overflow, underWay]
    }),
  )
  return rows.length === 0
    ? ''
    : htmlTable(['link', 'direction', 'rate', 'sent', 'delivered', 'lost', 'overflow', 'under way'], rows)
}

function events({ log, logOmitted }: DeploymentReport): string {
  if (log.length === 0) return ''
  let fault = 0
  const rows = log.slice(0, MOST_LOG_LINES).map(({ atNs, source, host, text }): HtmlCell[] => {
    return [source === 'fault' ? String(++fault) : '', durationText(atNs), source, host ?? '', text]
  })
  const left = log.length + logOmitted - rows.length
  const more = left > 0 ? `<p class="hint">${numberText(left)} more lines are not shown.</p>` : ''
  return `${htmlTable(['', 'modelled time', 'from', 'host', 'event'], rows)}${more}`
}

function notes({ modelled }: DeploymentReport): string {
  const items = modelled.notes.map((note) => `<li>${xmlText(note)}</li>`)
  return `<p class="hint">Every time here is modelled, by ${xmlText(modelled.costModel)}; only "wall time" is of the host that simulated it.</p>\n<ul>${items.join('')}</ul>`
}

function words(fate: string): string {
  return fate.replaceAll('_', ' ')
}
