import type { RowSummary } from '@bpfoundry/device'
import { type Cell, formatRate, formatTable } from '../../output.ts'
import type { HostFigureJson, ProgramHostReport, PublishedHostReport } from './host-report.ts'

/** Goals of the rows: how far off the median, or each, may be. */
const GOALS = 'goals: rows of hXDP within 15 % in the median, the others within 10 %'

/** Every published row beside the model's answer, a table a group. */
export function publishedHostText(report: PublishedHostReport): string {
  const { published, summary } = report
  const tables = summary.groups.map(({ group, ...sums }) =>
    [`${group}: ${summaryText(sums)}`, '', figureTable(published.filter((row) => row.group === group)), ''].join('\n'),
  )
  return [
    ...tables,
    `rows that calibrate a parameter: ${summaryText(summary.calibrates)}`,
    `rows that only validate: ${summaryText(summary.validates)}`,
    GOALS,
    '',
  ].join('\n')
}

/** The model's parameters and the rows that found them. */
export function parameterText({ parameters }: PublishedHostReport): string {
  const head = ['parameter', 'value', 'unit', 'rows', 'found']
  const rows = parameters.map(({ name, value, unit, rows: from, found }) => {
    return [name, value.toLocaleString('en-US'), unit, String(from.length), found]
  })
  return `${formatTable(head, rows)}\n`
}

function figureTable(figures: readonly HostFigureJson[]): string {
  return formatTable(['row', 'published', 'modelled', 'error', 'role', 'what'], figures.map(figureRow))
}

function figureRow({ id, published, modelled, error, role, unit, what, why, note }: HostFigureJson): Cell[] {
  const open = why === undefined ? '' : `: not answered, ${why}`
  return [
    id,
    `${amount(published)} ${unit}`,
    modelled === undefined ? '-' : amount(modelled),
    percent(error),
    role,
    `${what}${open}${note === undefined ? '' : ` (${note})`}`,
  ]
}

/** Three significant digits or more: 0.0896, 4.57, 86.7. */
function amount(value: number): string {
  return value < 1 ? value.toPrecision(3) : value.toFixed(2)
}

function percent(error: number | undefined): string {
  return error === undefined ? '-' : `${error > 0 ? '+' : ''}${(100 * error).toFixed(1)} %`
}

function summaryText({ rows, answered, medianError, worstError }: RowSummary): string {
  if (medianError === undefined || worstError === undefined) return `${answered} of ${rows} rows answered`
  const share = (value: number): string => `${(100 * value).toFixed(1)} %`
  return `${answered} of ${rows} rows answered, median error ${share(medianError)}, worst ${share(worstError)}`
}

/** A program on a host: rates by clock and cores, and what a packet's time consists of. */
export function programHostText({ host, program, points, breakdown, notes }: ProgramHostReport): string {
  const { work } = program
  const verdicts = Object.entries(program.verdicts).map(([name, count]) => `${count} ${name}`)
  return [
    `${program.name} of ${program.object}, ${host.mode} XDP: ${host.model}`,
    `${work.bpfInsns.toFixed(1)} BPF and ${work.x86Insns.toFixed(1)} x86 instructions a packet, ${work.method}: ${verdicts.join(', ')}`,
    '',
    formatTable(
      ['GHz', 'cores', 'modelled', 'limited by', 'ns a packet'],
      points.map(({ gigahertz, cores, packetsPerSecond, limitedBy, nanosecondsPerPacket }): Cell[] => [
        gigahertz.toFixed(1),
        cores,
        formatRate(packetsPerSecond),
        limitedBy ?? '-',
        nanosecondsPerPacket?.toFixed(1) ?? '-',
      ]),
    ),
    '',
    formatTable(
      ['part', 'ns', 'source'],
      breakdown.map(({ component, nanoseconds, source }) => [component, nanoseconds.toFixed(2), source]),
    ),
    '',
    ...notes.map((note) => `note: ${note}`),
    "modelled: what the named hardware would do; the emulator's own speed is another clock",
    '',
  ].join('\n')
}
