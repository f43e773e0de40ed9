import { line } from 'd3-shape'

/** Where a panel's axes lie. */
export interface Panel {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

type Scale = (value: number) => number

/** Scales of a panel and where they are marked. */
export interface Axes {
  readonly x: Scale
  readonly y: Scale
  readonly xTicks: readonly number[]
  readonly yTicks: readonly number[]
}

/** Distinguishable with any colour vision. @see Okabe and Ito, 2008 */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#f0e442', '#000000']

const colourOf = (index: number): string => COLOURS[index % COLOURS.length] as string
const round = (value: number): number => Math.round(value * 10) / 10
const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Axes with a grid and labels. */
export function frame(panel: Panel, { x, y, xTicks, yTicks }: Axes, xLabel: string, yLabel: string): string {
  const { left, top, width } = panel
  const bottom = top + panel.height
  const marks = yTicks.map((tick) => {
    const grid = `<path d="M${left} ${round(y(tick))}h${width}" stroke="#ddd"/>`
    return grid + text(left - 6, y(tick) + 4, String(tick), 'end')
  })
  return [
    ...marks,
    ...xTicks.map((tick) => text(x(tick), bottom + 16, String(tick), 'middle')),
    `<path d="M${left} ${top}V${bottom}H${left + width}" fill="none" stroke="#333"/>`,
    text(left + width / 2, bottom + 36, xLabel, 'middle'),
    text(left, top - 10, yLabel, 'start'),
  ].join('\n')
}

/** A line through points, with dots where there are any: the solid ones. */
export function curve(points: readonly (readonly [number, number])[], index: number, dashed = false): string {
  const path = line()(points.map(([x, y]) => [round(x), round(y)])) ?? ''
  const colour = colourOf(index)
  const dash = dashed ? ' stroke-dasharray="5 4"' : ''
  const dots = points.map(([x, y]) => `<circle cx="${round(x)}" cy="${round(y)}" r="2.5" fill="${colour}"/>`)
  const stroke = `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.8"${dash}/>`
  return [stroke, ...(dashed ? [] : dots)].join('')
}

/** A ring with a text that a browser shows over it. */
export function ring(x: number, y: number, title: string): string {
  const place = `cx="${round(x)}" cy="${round(y)}"`
  return `<circle ${place} r="5" fill="none" stroke="#000"><title>${escaped(title)}</title></circle>`
}

/** Names of curves, one below the other. */
export function legend(left: number, top: number, names: readonly string[]): string {
  return names
    .map((name, index) => {
      const y = top + index * 16
      const sample = `<path d="M${left} ${y - 4}h18" stroke="${colourOf(index)}" stroke-width="2"/>`
      return sample + text(left + 24, y, name, 'start')
    })
    .join('\n')
}

export function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', size = 12): string {
  const place = `x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}"`
  return `<text ${place}>${escaped(content)}</text>`
}
