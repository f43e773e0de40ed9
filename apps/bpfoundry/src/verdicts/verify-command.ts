import { isDiagnostic } from '@bpfoundry/diagnostics'
import { Kernel } from '@bpfoundry/kernel'
import { type KernelTypesFile, readSpec } from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { formatError } from '../error-text.ts'
import { EXIT, exitCodeOf, UsageError } from '../exit-code.ts'
import { sarifLog } from '../explain/sarif.ts'
import { kernelTypesNamed, sayKernelTypes } from '../kernel-types.ts'
import { cardNamed } from '../offload/cards.ts'
import { ALL_RELEASES } from '../options/choices.ts'
import { formatJson } from '../output.ts'
import { ReleaseMatrix, type ReleaseRow, releaseText } from '../releases/release-matrix.ts'
import { asksStatistics, type StatisticsOptions, statisticsReport } from '../statistics/statistics-report.ts'
import { requireWritable, writeWhole } from '../writable-file.ts'
import { type JudgeOptions, judgePrograms, programsOf, type Verdict } from './judge-programs.ts'
import { verdictText } from './verdict-text.ts'

/** `verify`, as it is typed. */
export interface VerifyOptions extends StatisticsOptions {
  readonly program?: string
  readonly logLevel?: number
  readonly profile?: string
  readonly explain?: boolean
  readonly sarif?: string
  readonly hot?: number | true
  readonly maxInsns?: number
  readonly nic?: string
  readonly firmware?: string
  readonly mtu?: number
  readonly kernelBtf?: string
  readonly kernelTree?: string
  readonly filter?: string
  readonly oracle?: 'kernel'
  readonly compiler?: string
  readonly vmlinuxH?: string
  readonly json?: boolean
}

/** Lines that `--hot` tells where no number is given. */
const HOT_LINES = 10

/** `bpfoundry verify OBJECT...`. @returns the exit code @throws UsageError CLI_OBJECTS */
export async function verify(objects: readonly string[], options: VerifyOptions, io: CommandIo): Promise<number> {
  if (objects.length === 0) throw nothingToVerify()
  return options.profile === ALL_RELEASES ? judgeReleases(objects, options, io) : judge(objects, options, io)
}

function nothingToVerify(): UsageError {
  const expected = 'object files, or --kernel-tree DIR'
  return new UsageError({ code: 'CLI_OBJECTS', message: 'no object given', expected })
}

function judge(objects: readonly string[], options: VerifyOptions, io: CommandIo): number {
  if (options.sarif !== undefined) requireWritable(options.sarif)
  const kernelTypes = kernelTypesNamed(options.kernelBtf)
  const judging = judgeOptions(options, kernelTypes)
  const { found, code } = ofObjects(objects, options, io, (object) => judgePrograms(object, judging))
  sayKernelTypes(kernelTypes, options.kernelBtf, io)
  if (options.sarif !== undefined) writeWhole(options.sarif, `${formatJson(sarifOf(found))}\n`)
  const figures = asksStatistics(options) ? statisticsReport(found, options) : undefined
  if (options.json) io.out(`${formatJson(verdictsJson(found, kernelTypes))}\n`)
  else io.out(figures?.text ?? verdictText(found))
  const isOver = found.some(({ stats }) => stats.insnsProcessed > (options.maxInsns ?? Infinity))
  // Beside another run it matters what has changed.
  const isBad = options.compare === undefined ? found.some(isRefused) : (figures?.mismatches ?? 0) > 0
  return code === EXIT.ok && (isBad || isOver) ? EXIT.failed : code
}

function verdictsJson(programs: readonly Verdict[], kernelTypes: KernelTypesFile | undefined): object {
  return { $schema: 'bpfoundry.verify/1', kernelTypes: kernelTypes?.path ?? null, programs }
}

function judgeOptions(options: VerifyOptions, kernelTypes: KernelTypesFile | undefined): JudgeOptions {
  const { program, logLevel, profile, explain, sarif, hot, nic, firmware, mtu } = options
  return {
    // Nothing runs: maps need no elements.
    kernel: Kernel.create({
      hollowMaps: true,
      ...(profile === undefined ? {} : { profile }),
      ...(kernelTypes === undefined ? {} : { kernelBtf: kernelTypes }),
    }),
    ...(kernelTypes === undefined ? {} : { kernelTypes }),
    ...(program === undefined ? {} : { program }),
    ...(logLevel === undefined ? {} : { logLevel }),
    ...(nic === undefined ? {} : { card: cardNamed(nic, firmware) }),
    ...(mtu === undefined ? {} : { mtu }),
    ...(hot === undefined ? {} : { hotLines: hot === true ? HOT_LINES : hot }),
    explains: explain === true || sarif !== undefined,
  }
}

function isRefused({ verdict, offload }: Verdict): boolean {
  return verdict === 'refused' || offload?.verdict === 'blocked'
}

function sarifOf(verdicts: readonly Verdict[]): object {
  return sarifLog(
    verdicts.flatMap(({ object, program, explanation }) =>
      explanation === undefined ? [] : [{ object, program, explanation }],
    ),
  )
}

/** `--profile all`: what the newest release refuses is refused. */
function judgeReleases(objects: readonly string[], options: VerifyOptions, io: CommandIo): number {
  const { found: rows, code } = releaseRows(objects, options, io)
  io.out(
    options.json ? `${formatJson({ $schema: 'bpfoundry.verify-releases/1', programs: rows })}\n` : releaseText(rows),
  )
  return code === EXIT.ok && rows.some(({ since }) => since === undefined) ? EXIT.failed : code
}

/** The programs of the objects, each judged for every release; and the exit code, as far as objects could be judged. */
export function releaseRows(
  objects: readonly string[],
  options: Pick<VerifyOptions, 'kernelBtf' | 'program' | 'json'>,
  io: CommandIo,
): { readonly found: readonly ReleaseRow[]; readonly code: number } {
  const kernelTypes = kernelTypesNamed(options.kernelBtf)
  const matrix = new ReleaseMatrix(kernelTypes)
  const judged = ofObjects(objects, options, io, (object) => {
    const spec = readSpec(object, kernelTypes === undefined ? {} : { kernelTypes })
    return programsOf(object, spec, options.program).map((program) => () => matrix.judge(object, spec, program))
  })
  sayKernelTypes(kernelTypes, options.kernelBtf, io)
  return judged
}

/** Judges one after the other: what can't be read or loaded does not keep the others from their verdicts. */
function ofObjects<T>(
  objects: readonly string[],
  { json }: Pick<VerifyOptions, 'json'>,
  io: CommandIo,
  judgementsOf: (object: string) => readonly (() => T)[],
): { readonly found: readonly T[]; readonly code: number } {
  let code: number = EXIT.ok
  const attempt = <Made>(make: () => Made): readonly Made[] => {
    try {
      return [make()]
    } catch (error) {
      if (!isDiagnostic(error)) throw error
      io.err(`${formatError(error, { json: json === true, terminal: io.terminal })}\n`)
      code = Math.max(code, exitCodeOf(error))
      return []
    }
  }
  const judgements = objects.flatMap((object) => attempt(() => judgementsOf(object)).flat())
  return { found: judgements.flatMap(attempt), code }
}
