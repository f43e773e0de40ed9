import { type Cell, formatCount, formatRate, formatTable } from '../../output.ts'
import type { CardReport, CardRow, PublishedRowJson } from './card-report.ts'

/** The report for people: rates and latencies, published figures, the simulator's own speed. */
export function cardText(report: CardReport, details: { readonly published: boolean }): string {
  const { card, program, firmware, load, points, simulator } = report
  return [
    `${card.name}: ${card.chip}, ${formatCount(card.clockHz / 1e6)} MHz, ${card.threadsPerCore} contexts a core, ${card.ports} x ${card.linkGbps} Gb/s, ${firmware} firmware`,
    `${program.name} of ${program.object}: ${program.words} words, ${program.cyclesPerPacket.toFixed(1)} cycles and ${program.commandsPerPacket.toFixed(1)} memory commands a packet`,
    '',
    pointTable(points),
    '',
    'modelled: what the card would do, without loss and with a full line',
    `latency: packets at random, ${Math.round(100 * load)} % of the rate without loss, from the last bit in to the first bit out or the drop`,
    ...(details.published ? ['', publishedText(report)] : []),
    '',
    `simulator, wall time: ${formatCount(Math.round(simulator.coreCyclesPerSecondPerWorker / 1e6))} M core cycles/s and ${formatRate(simulator.packetsPerSecondPerWorker)} a worker, ${simulator.threads} ${simulator.threads === 1 ? 'worker' : 'workers'}, ${simulator.wallSeconds.toFixed(1)} s`,
    '',
  ].join('\n')
}

function pointTable(points: readonly CardRow[]): string {
  const head = ['bytes', 'cores', 'without loss', 'limited by', 'full line', 'p50 us', 'p90', 'p99', 'p99.9']
  return formatTable(head, points.map(pointRow))
}

function pointRow({ sizeBytes, cores, packetsPerSecond, limitedBy, lineRate, latencyNs }: CardRow): Cell[] {
  const us = (ns: number): string => (ns / 1e3).toFixed(2)
  const { p50, p90, p99, p999 } = latencyNs
  const rates = [formatRate(packetsPerSecond), limitedBy ?? '-', formatRate(lineRate.packetsPerSecond)]
  return [sizeBytes, cores, ...rates, us(p50), us(p90), us(p99), us(p999)]
}

function publishedText({ published, summary }: CardReport): string {
  return `${publishedRowsText(published)}\n\n${summaryText(summary)}`
}

/** Published rows beside the model's answers: a line a row. */
export function publishedRowsText(rows: readonly PublishedRowJson[]): string {
  const head = ['published', 'Mpps', 'modelled', 'error', 'role', 'what']
  const cells = ({ id, published, modelled, error, role, what, why, note }: PublishedRowJson): Cell[] => [
    id,
    published.toFixed(2),
    modelled?.toFixed(2) ?? '-',
    percent(error),
    role,
    `${what}${why === undefined ? '' : `: ${why}`}${note === undefined ? '' : ` (${note})`}`,
  ]
  return formatTable(head, rows.map(cells))
}

/** How many rows are answered, and how well. */
export function summaryText({ coreBound, others }: CardReport['summary']): string {
  const part = ({ rows, answered, medianError, worstError }: CardReport['summary']['all']): string =>
    `${answered} of ${rows} rows answered, median error ${percent(medianError)}, worst ${percent(worstError)}`
  return [`bound by cores (goal 2 %): ${part(coreBound)}`, `others (goal 10 %): ${part(others)}`]
    .join('\n')
    .replaceAll('+', '')
}

/** Every parameter of the model: how many rows it was found from, its source, or what is assumed. */
export function parametersText(parameters: CardReport['parameters']): string {
  const head = ['parameter', 'value', 'unit', 'rows', 'source']
  return formatTable(
    head,
    parameters.map(({ name, value, unit, rows, source, assumption }) => [
      name,
      value.toLocaleString('en-US', { maximumFractionDigits: 4 }),
      unit,
      rows.length === 0 ? '-' : String(rows.length),
      assumption === undefined ? source : `${source}; assumed: ${assumption}`,
    ]),
  )
}

function percent(error: number | undefined): string {
  return error === undefined ? '-' : `${error > 0 ? '+' : ''}${(100 * error).toFixed(1)} %`
}
