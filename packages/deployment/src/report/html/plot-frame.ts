import { type ScaleLinear, scaleLinear } from 'd3-scale'
import { xmlText } from '../xml-text.ts'
import { tickText } from './plot-units.ts'

/** Size of every plot, in its own units; the page scales it. */
export const PLOT = { width: 920, height: 300, left: 66, right: 18, top: 26, bottom: 46 } as const

/** A place on the time axis that something happened at. */
export interface PlotMark {
  /** In the axis's unit. */
  readonly at: number
  readonly label: string
  readonly text: string
}

/** What stands around the curves of a plot. */
export interface PlotFrame {
  /** For who can't see it. */
  readonly label: string
  readonly xTitle: string
  readonly yTitle: string
  readonly xTicks: readonly (readonly [x: number, label: string])[]
  readonly y: ScaleLinear<number, number>
  readonly marks?: readonly (PlotMark & { readonly x: number })[]
}

/** An upward axis from 0. */
export function upward(most: number): ScaleLinear<number, number> {
  return scaleLinear()
    .domain([0, most > 0 ? most : 1])
    .nice(5)
    .range([PLOT.height - PLOT.bottom, PLOT.top])
}

/** Curves with axes, a grid, titles and marks. @param curves SVG elements */
export function framedPlot({ label, xTitle, yTitle, xTicks, y, marks = [] }: PlotFrame, curves: string): string {
  const { width, height, left, right, top, bottom } = PLOT
  const [floor, end] = [height - bottom, width - right]
  const grid = y.ticks(5).map((tick) => {
    const at = y(tick).toFixed(1)
    return `<line class="grid" x1="${left}" x2="${end}" y1="${at}" y2="${at}"/><text class="tick" x="${left - 8}" y="${at}" dy=".32em" text-anchor="end">${tickText(tick)}</text>`
  })
  const ticks = xTicks.map(([x, text]) => {
    const at = x.toFixed(1)
    return `<line class="axis" x1="${at}" x2="${at}" y1="${floor}" y2="${floor + 5}"/><text class="tick" x="${at}" y="${floor + 18}" text-anchor="middle">${xmlText(text)}</text>`
  })
  const middle = (left + end) / 2
  return `<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="${xmlText(label)}">
${grid.join('')}
<line class="axis" x1="${left}" x2="${end}" y1="${floor}" y2="${floor}"/>
${ticks.join('')}
<text class="title" x="${middle}" y="${height - 8}" text-anchor="middle">${xmlText(xTitle)}</text>
<text class="title" x="${-(top + floor) / 2}" y="14" transform="rotate(-90)" text-anchor="middle">${xmlText(yTitle)}</text>
${marks.map((mark) => markLine(mark, floor)).join('')}
${curves}
</svg>`
}

function markLine({ x, label, text }: PlotMark & { readonly x: number }, floor: number): string {
  const at = x.toFixed(1)
  return `<g class="mark"><title>${xmlText(text)}</title><line x1="${at}" x2="${at}" y1="${PLOT.top - 6}" y2="${floor}"/><text x="${at}" y="${PLOT.top - 10}" text-anchor="middle">${xmlText(label)}</text></g>`
}

/** Marks that are too near to each other to be told apart become one, as `1–3`. */
export function spreadMarks(
  marks: readonly PlotMark[],
  x: (at: number) => number,
): (PlotMark & { readonly x: number })[] {
  const spread: (PlotMark & { readonly x: number })[] = []
  for (const mark of marks) {
    const last = spread.at(-1)
    const at = x(mark.at)
    // A label of two numbers needs room for both.
    if (last === undefined || at - last.x > 12 + 6 * last.label.length) spread.push({ ...mark, x: at })
    else
      spread[spread.length - 1] = {
        ...last,
        label: `${last.label.split('–')[0]}–${mark.label}`,
        text: `${last.text}\n${mark.text}`,
      }
  }
  return spread
}

/** A legend: a line or a box in the colour of each curve. */
export function legend(
  items: readonly { readonly style: string; readonly name: string; readonly value?: string; readonly box?: boolean }[],
): string {
  const entries = items.map(({ style, name, value, box = false }) => {
    const shape = box
      ? '<rect class="fill" width="12" height="12" rx="2"/>'
      : '<line class="curve" x1="0" x2="18" y1="6" y2="6"/>'
    const figure = value === undefined ? '' : ` <small>${xmlText(value)}</small>`
    return `<span class="${style}"><svg width="${box ? 12 : 18}" height="12" aria-hidden="true">${shape}</svg> ${xmlText(name)}${figure}</span>`
  })
  return `<p class="legend">${entries.join('')}</p>`
}
