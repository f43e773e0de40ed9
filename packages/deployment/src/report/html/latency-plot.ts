import { scaleLog } from 'd3-scale'
import { area, curveStepAfter } from 'd3-shape'
import type { LatencyReport } from '../deployment-report.ts'
import { durationText } from '../figures.ts'
import { xmlText } from '../xml-text.ts'
import { framedPlot, legend, PLOT, upward } from './plot-frame.ts'

/** Latencies at one receiver. */
export interface LatencySeries {
  readonly name: string
  readonly style: string
  readonly latency: LatencyReport
}

/** Where ticks may stand in each decade of the time axis: the first row that gives enough of them. */
const STEPS: readonly (readonly number[])[] = [
  [1, 2, 5],
  [1, 1.5, 2, 3, 5, 7],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9],
]
const ENOUGH_TICKS = 4

/** A histogram for each receiver on one logarithmic axis, in per cent of its packets. */
export function latencyPlot(series: readonly LatencySeries[]): string {
  const bounds = series.flatMap(({ latency }) => [latency.slots[0]?.fromNs ?? 1, latency.slots.at(-1)?.toNs ?? 2])
  const [least, most] = [Math.min(...bounds) / 1.15, Math.max(...bounds) * 1.15]
  const x = scaleLog()
    .domain([least, most])
    .range([PLOT.left, PLOT.width - PLOT.right])
  const shares = series.map(({ latency }) => {
    const packets = latency.slots.reduce((sum, slot) => sum + slot.packets, 0)
    return latency.slots.map(({ fromNs, toNs, packets: own }) => ({ fromNs, toNs, share: (100 * own) / packets }))
  })
  const y = upward(Math.max(...shares.flatMap((slots) => slots.map(({ share }) => share))))
  const shape = area<{ readonly ns: number; readonly share: number }>()
    .x(({ ns }) => x(ns))
    .y0(y(0))
    .y1(({ share }) => y(share))
    .curve(curveStepAfter)
  const curves = series.map(({ name, style }, index) => {
    const slots = shares[index] ?? []
    const points = slots.map(({ fromNs, share }) => ({ ns: fromNs, share }))
    const d = shape([...points, { ns: slots.at(-1)?.toNs ?? least, share: 0 }]) ?? ''
    return `<path class="fill curve thin ${style}" d="${d}"><title>${xmlText(name)}</title></path>`
  })
  const frame = {
    label: `Latency at ${series.map(({ name }) => name).join(', ')}`,
    xTitle: 'modelled time from sending to arriving (logarithmic)',
    yTitle: 'share of packets (%)',
    xTicks: ticks(least, most, x),
    y,
  }
  const items = series.map(({ name, style, latency }) => {
    return {
      name,
      style,
      box: true,
      value: `p50 ${durationText(latency.p50Ns)}, p99 ${durationText(latency.p99Ns)}, most ${durationText(latency.mostNs)}`,
    }
  })
  return `${framedPlot(frame, curves.join('\n'))}${legend(items)}`
}

function ticks(least: number, most: number, x: (value: number) => number): [number, string][] {
  const rows = STEPS.map((steps) => ticksAt(steps, least, most, x))
  return rows.find((row) => row.length >= ENOUGH_TICKS) ?? rows.at(-1) ?? []
}

/** Ticks at some places of each decade, left out where they would be too near. */
function ticksAt(
  steps: readonly number[],
  least: number,
  most: number,
  x: (value: number) => number,
): [number, string][] {
  const made: [number, string][] = []
  for (let decade = 10 ** Math.floor(Math.log10(least)); decade <= most; decade *= 10) {
    for (const step of steps) {
      const at = decade * step
      if (at < least || at > most) continue
      if (made.length === 0 || x(at) - (made.at(-1)?.[0] ?? 0) > 52) made.push([x(at), durationText(at)])
    }
  }
  return made
}
