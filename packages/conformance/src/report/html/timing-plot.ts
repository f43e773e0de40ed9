import { scaleLinear } from 'd3-scale'
import { PHASES, type Phase } from '../case-result.ts'
import type { FileRow } from '../report-rows.ts'
import { htmlText, secondsText } from './html-text.ts'

/** Files that take the most time; the rest is one bar. */
const MOST_BARS = 25

const WIDTH = 960
const LABEL_WIDTH = 330
const BAR_HEIGHT = 20
const TOP = 24
const VALUE_WIDTH = 60

/** What each phase is, for the legend. */
export const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  read: 'making the question',
  load: 'loading: verifier, fix-ups, translation',
  run: 'running',
  kernel: 'the running kernel',
}

interface Bar {
  readonly label: string
  readonly seconds: number
  readonly phases: readonly (readonly [Phase, number])[]
}

/** A bar a file, the slowest first, of the seconds that each phase took. Empty where nothing took any. */
export function timingPlot(files: readonly FileRow[]): string {
  const bars = barsOf(files)
  const most = Math.max(0, ...bars.map(({ seconds }) => seconds))
  if (most === 0) return ''
  const x = scaleLinear()
    .domain([0, most])
    .nice(6)
    .range([LABEL_WIDTH, WIDTH - VALUE_WIDTH])
  const height = TOP + bars.length * BAR_HEIGHT + 4
  const grid = x.ticks(6).map((tick) => gridLine(x(tick), tick, height))
  const title = `Seconds by file and phase: ${bars[0]?.label} took ${secondsText(most)}`
  return `<svg class="plot" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${htmlText(title)}">
${[...grid, ...bars.map((bar, index) => barLine(bar, TOP + index * BAR_HEIGHT, x))].join('\n')}
</svg>`
}

function barsOf(files: readonly FileRow[]): Bar[] {
  const sorted = [...files].sort((a, b) => b.seconds - a.seconds)
  const bars = sorted.slice(0, MOST_BARS).map((row) => ({ label: shortName(row.file), ...bar([row]) }))
  const rest = sorted.slice(MOST_BARS)
  return rest.length === 0 ? bars : [...bars, { label: `${rest.length} other files`, ...bar(rest) }]
}

/** What no phase accounts for is running. */
function bar(rows: readonly FileRow[]): Omit<Bar, 'label'> {
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0)
  const known = PHASES.map((phase) => [phase, sumOf(rows, phase)] as const)
  const rest = seconds - known.reduce((sum, [, part]) => sum + part, 0)
  return { seconds, phases: known.map(([phase, part]) => [phase, phase === 'run' ? part + Math.max(0, rest) : part]) }
}

const sumOf = (rows: readonly FileRow[], phase: Phase): number =>
  rows.reduce((sum, { secondsByPhase }) => sum + (secondsByPhase[phase] ?? 0), 0)

const shortName = (file: string): string => file.replace(/^tools\/testing\/selftests\/bpf\//, '')

function gridLine(x: number, tick: number, height: number): string {
  const at = x.toFixed(1)
  return `<line class="grid" x1="${at}" x2="${at}" y1="${TOP - 4}" y2="${height}"/><text class="soft" x="${at}" y="14" text-anchor="middle">${tick} s</text>`
}

function barLine({ label, seconds, phases }: Bar, y: number, x: (value: number) => number): string {
  let from = 0
  const parts = phases.map(([phase, part]) => {
    const [left, right] = [x(from), x(from + part)]
    from += part
    const name = `${PHASE_WORDS[phase]}: ${secondsText(part)} s`
    return part === 0 ? '' : rectangle(phase, left, y + 4, right - left, name)
  })
  const middle = y + BAR_HEIGHT / 2 + 4
  return `<text x="${LABEL_WIDTH - 8}" y="${middle}" text-anchor="end">${htmlText(label)}</text>${parts.join('')}<text class="soft" x="${(x(seconds) + 6).toFixed(1)}" y="${middle}">${secondsText(seconds)}</text>`
}

function rectangle(phase: Phase, x: number, y: number, width: number, title: string): string {
  return `<rect class="${phase}" x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT - 7}"><title>${htmlText(title)}</title></rect>`
}
