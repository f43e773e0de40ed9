import type { ComparedRow } from '@bpfoundry/device'
import { scaleLinear, scaleLog } from 'd3-scale'
import type { CardRow } from './card-report.ts'
import { curve, frame, legend, type Panel, ring, text } from './svg-chart.ts'

/** A published figure that has a place in the plot of rates by cores. */
export interface PlottedRow extends Pick<ComparedRow, 'what' | 'published'> {
  readonly cores: number
}

/** What is plotted. */
export interface CardPlot {
  readonly title: string
  readonly points: readonly CardRow[]
  /** Figures of the same program and firmware, measured with the smallest packets. */
  readonly published: readonly PlottedRow[]
}

const [WIDTH, HEIGHT] = [960, 420]
const RATES: Panel = { left: 64, top: 56, width: 380, height: 290 }
const LATENCIES: Panel = { ...RATES, left: 540 }
const PERCENTILES = [
  ['p50', '50 % of the packets'],
  ['p90', '90 %'],
  ['p99', '99 %'],
  ['p999', '99.9 %'],
] as const

/** Rates by cores, and latencies by packet size with all cores: one self-contained SVG. */
export function cardPlot({ title, points, published }: CardPlot): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(WIDTH / 2, 22, `${title}, modelled`, 'middle', 15),
    ...(points.length === 0 ? [] : [ratePanel(points, published), latencyPanel(points)]),
    '</svg>',
    '',
  ].join('\n')
}

function ratePanel(points: readonly CardRow[], published: readonly PlottedRow[]): string {
  const sizes = [...new Set(points.map(({ sizeBytes }) => sizeBytes))]
  const most = Math.max(...points.map(({ packetsPerSecond }) => packetsPerSecond / 1e6), ...published.map(rateOf))
  const last = Math.max(...points.map(coresOf), ...published.map(coresOf))
  const x = scaleLinear([0, last], [RATES.left, RATES.left + RATES.width])
  const y = scaleLinear([0, most * 1.05], [RATES.top + RATES.height, RATES.top])
  const curves = sizes.flatMap((size, index) => {
    const rows = points.filter(({ sizeBytes }) => sizeBytes === size)
    const through = (rate: (row: CardRow) => number): [number, number][] =>
      rows.map((row) => [x(row.cores), y(rate(row) / 1e6)])
    return [
      curve(
        through(({ packetsPerSecond }) => packetsPerSecond),
        index,
      ),
      curve(
        through(({ lineRate }) => lineRate.packetsPerSecond),
        index,
        true,
      ),
    ]
  })
  const names = sizes.map((size) => `${size} B`)
  const notes = ['dashed: full line', ...(published.length > 0 ? ['rings: published'] : [])]
  return [
    frame(RATES, { x, y, xTicks: x.ticks(6), yTicks: y.ticks(6) }, 'cores', 'million packets a second'),
    ...curves,
    ...published.map((row) => ring(x(row.cores), y(row.published), `${row.what}: ${row.published} Mpps, published`)),
    legend(RATES.left + 8, RATES.top + 8, names),
    ...notes.map((note, index) => text(RATES.left + 8, RATES.top + 10 + (names.length + index) * 16, note, 'start')),
  ].join('\n')
}

const rateOf = ({ published }: PlottedRow): number => published
const coresOf = ({ cores }: { readonly cores: number }): number => cores

function latencyPanel(points: readonly CardRow[]): string {
  const cores = Math.max(...points.map(coresOf))
  const rows = points.filter((point) => point.cores === cores)
  const sizes = rows.map(({ sizeBytes }) => sizeBytes)
  const most = Math.max(...rows.map(({ latencyNs }) => latencyNs.p999)) / 1e3
  const x = scaleLog(
    [Math.min(...sizes, 64), Math.max(...sizes, 128)],
    [LATENCIES.left, LATENCIES.left + LATENCIES.width],
  )
  const y = scaleLinear([0, most * 1.05], [LATENCIES.top + LATENCIES.height, LATENCIES.top])
  const axes = { x, y, xTicks: sizes, yTicks: y.ticks(6) }
  const curves = PERCENTILES.map(([name], index) =>
    curve(
      rows.map(({ sizeBytes, latencyNs }) => [x(sizeBytes), y(latencyNs[name] / 1e3)]),
      index,
    ),
  )
  const labels = PERCENTILES.map(([, label]) => label)
  const top = LATENCIES.top + LATENCIES.height - labels.length * 16
  return [
    frame(LATENCIES, axes, `bytes of a packet, ${cores} cores`, 'latency, microseconds'),
    ...curves,
    legend(LATENCIES.left + 8, top, labels),
  ].join('\n')
}
