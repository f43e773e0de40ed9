import type { CommandIo } from '../../command-io.ts'
import { EXIT } from '../../exit-code.ts'
import { fixturePath } from '../../fixture-path.ts'
import { formatJson } from '../../output.ts'
import { hostFigures } from './host-figures.ts'
import { hostProgram } from './host-program.ts'
import { publishedHostReport } from './host-report.ts'
import { parameterText, programHostText, publishedHostText } from './host-text.ts'

export interface BenchHostOptions {
  /** A driver, or true for every published figure of hosts. */
  readonly host: string | true
  readonly mode: 'native' | 'generic'
  readonly program?: string
  readonly name?: string
  readonly pktgen: string
  readonly clocks?: readonly number[]
  readonly cores?: readonly number[]
  readonly json?: boolean
}

/** `bpfoundry bench nic --host [DRIVER]`: published figures beside the model's, or a program on a driver's host. */
export async function benchHost(options: BenchHostOptions, io: CommandIo): Promise<number> {
  if (options.host === true) {
    const report = publishedHostReport(hostFigures())
    io.out(options.json ? `${formatJson(report)}\n` : `${publishedHostText(report)}\n${parameterText(report)}`)
    return EXIT.ok
  }
  const { host: driver, program, cores = [1], ...rest } = options
  const object = program ?? fixturePath('programs/drop/drop.v3.o')
  const report = hostProgram({ ...rest, driver, object, cores })
  io.out(options.json ? `${formatJson(report)}\n` : programHostText(report))
  return EXIT.ok
}
