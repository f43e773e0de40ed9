import { type ScaleLinear, scaleLinear } from 'd3-scale'
import { area, curveStepAfter, line, stack } from 'd3-shape'
import { xmlText } from '../xml-text.ts'
import { framedPlot, legend, PLOT, type PlotFrame, type PlotMark, spreadMarks, upward } from './plot-frame.ts'
import { tickText, timeUnit } from './plot-units.ts'

/** Slots that a curve is drawn with: fewer than are measured, since polls make single ones uneven. */
const CURVE_SLOTS = 130

/** The time axis of a report, and what happened on it. */
export interface PlotTime {
  readonly slotNs: number
  readonly slots: number
  readonly marks: readonly PlotMark[]
}

/** Values over time, one a slot. */
export interface PlotSeries {
  readonly name: string
  /** CSS class of its colour. */
  readonly style: string
  readonly values: readonly number[]
  /** For the legend. */
  readonly value?: string
}

/** What the values are, and how several slots become one. */
export interface PlotValues {
  readonly label: string
  readonly yTitle: string
  /** Sums are added and shown a second; others keep the most, or their mean. */
  readonly merge: 'rate' | 'most' | 'mean'
  /** Divides the values. */
  readonly factor: number
  /** Highest value of the axis; that of the values when absent. */
  readonly most?: number
}

/** A curve for each series. */
export function linePlot(series: readonly PlotSeries[], time: PlotTime, values: PlotValues): string {
  const merged = series.map((one) => ({ ...one, points: mergeSlots(one.values, time, values) }))
  const most = values.most ?? Math.max(0, ...merged.flatMap(({ points }) => points.map(([, value]) => value)))
  const y = upward(most)
  const frame = timeFrame(time, y, values)
  const path = line<readonly [number, number]>(
    ([at]) => frame.x(at),
    ([, value]) => y(value),
  ).curve(curveStepAfter)
  const curves = merged.map(({ name, style, points }) => {
    return `<path class="curve ${style}" d="${path(closed(points, time)) ?? ''}"><title>${xmlText(name)}</title></path>`
  })
  return `${framedPlot(frame, curves.join('\n'))}${legend(series)}`
}

/** Areas on top of each other: parts of a whole. */
export function stackPlot(series: readonly PlotSeries[], time: PlotTime, values: PlotValues): string {
  const merged = series.map((one) => mergeSlots(one.values, time, values))
  const times = (merged[0] ?? []).map(([at]) => at)
  const rows = times.map((_, slot) => merged.map((points) => points[slot]?.[1] ?? 0))
  const most = Math.max(0, ...rows.map((row) => row.reduce((sum, value) => sum + value, 0)))
  const y = upward(values.most ?? most)
  const frame = timeFrame(time, y, values)
  const layers = stack<readonly number[], number>()
    .keys([...series.keys()])
    .value((row, key) => row[key] ?? 0)(rows as (readonly number[])[])
  const shape = area<{ readonly at: number; readonly from: number; readonly to: number }>()
    .x(({ at }) => frame.x(at))
    .y0(({ from }) => y(from))
    .y1(({ to }) => y(to))
    .curve(curveStepAfter)
  const areas = layers.map((layer, index) => {
    const points = layer.map(([from, to], slot) => ({ at: times[slot] ?? 0, from, to }))
    const last = points.at(-1)
    const d = shape(last === undefined ? [] : [...points, { ...last, at: endOf(time) }]) ?? ''
    return `<path class="fill ${series[index]?.style}" d="${d}"><title>${xmlText(series[index]?.name ?? '')}</title></path>`
  })
  return `${framedPlot(frame, areas.join('\n'))}${legend(series.map((one) => ({ ...one, box: true })))}`
}

interface TimeFrame extends PlotFrame {
  readonly x: (atNs: number) => number
}

function timeFrame(time: PlotTime, y: ScaleLinear<number, number>, { label, yTitle }: PlotValues): TimeFrame {
  const unit = timeUnit(endOf(time))
  const scale = scaleLinear()
    .domain([0, endOf(time) / unit.factor])
    .range([PLOT.left, PLOT.width - PLOT.right])
  const x = (atNs: number): number => scale(atNs / unit.factor)
  return {
    label,
    xTitle: `modelled time (${unit.name})`,
    yTitle,
    xTicks: scale.ticks(10).map((tick) => [scale(tick), tickText(tick)]),
    y,
    x,
    marks: spreadMarks(time.marks, x),
  }
}

type Point = readonly [atNs: number, value: number]

/** Fewer, wider slots, so that curves show what happens and not single polls. */
function mergeSlots(values: readonly number[], { slotNs, slots }: PlotTime, { merge, factor }: PlotValues): Point[] {
  const width = Math.max(1, Math.ceil(slots / CURVE_SLOTS))
  return Array.from({ length: Math.ceil(slots / width) }, (_, index): Point => {
    const part = Array.from({ length: width }, (_unused, n) => values[index * width + n] ?? 0)
    const sum = part.reduce((total, value) => total + value, 0)
    // The last one may be cut short by the end of the run.
    const length = Math.min(width, slots - index * width)
    const value =
      merge === 'most' ? Math.max(...part) : merge === 'mean' ? sum / length : (sum * 1e9) / (length * slotNs)
    return [index * width * slotNs, value / factor]
  })
}

/** A step goes on to the end of its slot. */
function closed(points: readonly Point[], time: PlotTime): Point[] {
  const last = points.at(-1)
  return last === undefined ? [] : [...points, [endOf(time), last[1]]]
}

function endOf({ slotNs, slots }: PlotTime): number {
  return slotNs * slots
}
