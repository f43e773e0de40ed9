import { writeReportFile } from '@bpfoundry/conformance'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import { Kernel } from '@bpfoundry/kernel'
import { KERNEL_PROFILES } from '@bpfoundry/kernel-abi'
import { type KernelTypesFile, readSpec } from '@bpfoundry/testbench'
import { type Command, Option } from 'commander'
import { wholeNumber } from '../arguments.ts'
import type { CommandContext, CommandIo } from '../command-io.ts'
import { EXIT, exitCodeOf, UsageError } from '../exit-code.ts'
import { sarifLog } from '../explain/sarif.ts'
import { kernelBtfOption, kernelTypesNamed, sayKernelTypes } from '../kernel-types.ts'
import { cardNamed, cardOption, firmwareOption } from '../offload/card-option.ts'
import { formatError, formatJson } from '../output.ts'
import { ReleaseMatrix, releaseText } from '../releases/release-matrix.ts'
import { columnList, sortList } from '../statistics/statistics-options.ts'
import { asksStatistics, type StatisticsOptions, statisticsReport } from '../statistics/statistics-report.ts'
import { verifyTree } from '../tree-verdicts/verify-tree.ts'
import { type JudgeOptions, judgePrograms, programsOf, type Verdict } from '../verdicts/judge-programs.ts'
import { verdictText } from '../verdicts/verdict-text.ts'
import { requireWritable } from '../writable-file.ts'

interface VerifyOptions extends StatisticsOptions {
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

/** Every release, or one of them. */
const ALL_RELEASES = 'all'
const RELEASES: readonly string[] = [ALL_RELEASES, ...KERNEL_PROFILES.keys()]

/** `bpfoundry verify OBJECT...`: what the verifier says of every program. */
export function addVerifyCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('verify')
    .argument('[object...]', 'BPF object files')
    .description('verify every program of the objects: a line a program with verdict, instructions, states and time')
    .option('--program <name>', 'only this program')
    .option('--log-level <n>', 'print the log: 1 failing path, 2 everything explored, 4 statistics', wholeNumber(0, 7))
    .addOption(
      new Option(
        '--profile <release>',
        'Linux release to judge for; all: from which one on each program loads',
      ).choices(RELEASES),
    )
    .addOption(kernelBtfOption())
    .option('--explain', 'tell of each refusal the line, the path there, what the registers held, and what mends it')
    .option('--sarif <file>', 'write the refusals as SARIF 2.1.0, for code hosts and editors')
    .option('--hot [n]', 'tell the n lines (default: 10) that took most instructions', wholeNumber(1, 100_000))
    .option('--stats', 'figures of each program, as veristat has them')
    .option('--csv', 'the same as CSV')
    .option('--emit <columns>', 'figures to tell, with commas between: insns,states,...', columnList)
    .option('--sort <columns>', 'order by these, the most first; with ^ behind a name the least', sortList)
    .option('--compare <file>', 'beside what --csv, or veristat, wrote before; exit with 1 where a verdict differs')
    .option('--max-insns <n>', 'exit with 1 when a program takes more explored instructions', wholeNumber(1, 1_000_000))
    .addOption(cardOption('judge for a card that runs the program itself, and name all that keeps it from there'))
    .addOption(firmwareOption())
    .option('--mtu <bytes>', 'with --nic: MTU of the port (default: 1500)', wholeNumber(68, 65535))
    .option('--json', 'verdicts as JSON (schema bpfoundry.verify/1, with --profile all bpfoundry.verify-releases/1)')
    .option('--kernel-tree <dir>', 'instead of objects: compile and judge the test programs of a Linux source tree')
    .option('--filter <text>', 'with --kernel-tree: only files whose path contains this')
    .addOption(
      new Option(
        '--oracle <oracle>',
        'with --kernel-tree: ask the running kernel, too, and judge by its release',
      ).choices(['kernel']),
    )
    .option('--compiler <path>', 'with --kernel-tree: a clang')
    .option('--vmlinux-h <file>', "with --kernel-tree: the kernel's types for clang")
    .action(async (objects: string[], options: VerifyOptions) => finish(await run(objects, options, io)))
}

function run(objects: readonly string[], options: VerifyOptions, io: CommandIo): number | Promise<number> {
  const { kernelTree } = options
  if ((kernelTree === undefined) === (objects.length === 0)) throw whatToVerify(objects.length)
  if (kernelTree !== undefined) {
    if (options.profile === ALL_RELEASES) throw oneRelease()
    return verifyTree({ ...options, kernelTree }, io)
  }
  return options.profile === ALL_RELEASES ? judgeReleases(objects, options, io) : judge(objects, options, io)
}

function whatToVerify(objects: number): UsageError {
  return new UsageError({
    code: 'CLI_OBJECTS',
    message: objects === 0 ? 'no object given' : 'objects and a kernel tree given',
    expected: 'object files, or --kernel-tree DIR',
  })
}

function oneRelease(): UsageError {
  return new UsageError({ code: 'CLI_PROFILE', message: 'a kernel tree is judged for one release', got: ALL_RELEASES })
}

function judge(objects: readonly string[], options: VerifyOptions, io: CommandIo): number {
  if (options.sarif !== undefined) requireWritable(options.sarif)
  const kernelTypes = kernelTypesNamed(options.kernelBtf)
  const judging = judgeOptions(options, kernelTypes)
  const { found, code } = ofObjects(objects, options, io, (object) => judgePrograms(object, judging))
  sayKernelTypes(kernelTypes, options.kernelBtf, io)
  if (options.sarif !== undefined) writeReportFile(options.sarif, [`${formatJson(sarifOf(found))}\n`])
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
  const kernelTypes = kernelTypesNamed(options.kernelBtf)
  const matrix = new ReleaseMatrix(kernelTypes)
  const { found: rows, code } = ofObjects(objects, options, io, (object) => {
    const spec = readSpec(object, kernelTypes === undefined ? {} : { kernelTypes })
    return programsOf(object, spec, options.program).map((program) => () => matrix.judge(object, spec, program))
  })
  sayKernelTypes(kernelTypes, options.kernelBtf, io)
  io.out(
    options.json ? `${formatJson({ $schema: 'bpfoundry.verify-releases/1', programs: rows })}\n` : releaseText(rows),
  )
  return code === EXIT.ok && rows.some(({ since }) => since === undefined) ? EXIT.failed : code
}

/** Judges one after the other: what can't be read or loaded does not keep the others from their verdicts. */
function ofObjects<T>(
  objects: readonly string[],
  { json }: VerifyOptions,
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
