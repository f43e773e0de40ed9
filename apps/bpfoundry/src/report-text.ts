import { type BreakdownItem, FATES } from '@bpfoundry/device'
import type { RunReport } from '@bpfoundry/testbench'
import { type Cell, formatRate, formatTable } from './output.ts'

/** One column of a report: a run under a heading, or why there was none. */
export interface ReportColumn {
  readonly heading: string
  readonly report: RunReport
}

/** What became of the packets, side by side: fates that occurred, a line a CPU, wall and modelled speed. */
export function formatReports(columns: readonly ReportColumn[]): string {
  const head = ['', ...columns.map(({ heading }) => heading)]
  const row = (name: string, cell: (report: RunReport) => Cell): Cell[] => [
    name,
    ...columns.map(({ report }) => cell(report)),
  ]
  const seen = FATES.filter((fate) => columns.some(({ report }) => report.fates[fate] > 0))
  const cpus = Math.max(...columns.map(({ report }) => report.cpus.length))
  const rows: Cell[][] = [
    row('packets in', ({ fates }) => fates.in),
    ...seen.map((fate) => row(`  ${fate.replaceAll('_', ' ')}`, ({ fates }) => fates[fate])),
    ...Array.from({ length: cpus }, (_, cpu) => row(`cpu ${cpu}`, ({ cpus: rows }) => rows[cpu]?.fates.in ?? 0)),
    row('insns a packet', ({ insns, fates }) => (fates.in === 0 || insns === 0 ? '-' : (insns / fates.in).toFixed(1))),
    row('wall', ({ wall }) => formatRate(wall.packetsPerSecond)),
    row('modelled', ({ modelled }) => formatRate(modelled?.packetsPerSecond)),
    row('  limited by', ({ modelled }) => modelled?.limitedBy ?? '-'),
    row('  ns a packet', ({ modelled }) => modelled?.nanosecondsPerPacket?.toFixed(1) ?? '-'),
  ]
  return `${formatTable(head, rows)}\n${notes(columns)}`
}

/** What the figures mean: wall is this emulator on this host, modelled is another machine. */
function notes(columns: readonly ReportColumn[]): string {
  const lines = ['', 'wall: this emulator on this host; modelled: what the named hardware would do']
  for (const { heading, report } of columns) {
    if (report.modelled !== undefined) lines.push(`  ${heading}: ${report.modelled.model}`)
    if (report.modelled?.breakdown !== undefined) lines.push(`    ns: ${partsOf(report.modelled.breakdown)}`)
    for (const note of report.modelled?.notes ?? []) lines.push(`    ${note}`)
    for (const warning of report.warnings) lines.push(`  ${heading}: warning: ${warning}`)
  }
  return lines.join('\n')
}

/** `driver receive 17.6 + program 3.5`. */
function partsOf(breakdown: readonly BreakdownItem[]): string {
  return breakdown.map(({ component, nanoseconds }) => `${component} ${nanoseconds.toFixed(1)}`).join(' + ')
}
