import type { RunReport } from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { formatJson } from '../output.ts'
import { formatReports } from '../report-text.ts'
import { type PlayOptions, play } from './play.ts'

/** `run`, as it is typed. */
export interface RunOptions extends PlayOptions {
  readonly json?: boolean
}

/** `bpfoundry run`: what the description in commands/run.ts asks for. @returns the exit code */
export function run(object: string, options: RunOptions, io: CommandIo): Promise<number> {
  return play(object, options, io, ({ report }) => {
    io.out(options.json ? `${formatJson(report)}\n` : `${title(object, report)}\n${reportText(report)}\n`)
  })
}

function title(object: string, report: RunReport): string {
  const cpus = report.cpus.length === 1 ? '1 CPU' : `${report.cpus.length} CPUs`
  return `${object}: ${report.program} on ${report.nic} (${report.profile}), ${report.mode} XDP, ${cpus}, ${report.engine}\n`
}

function reportText(report: RunReport): string {
  return formatReports([{ heading: report.mode ?? 'none', report }])
}
