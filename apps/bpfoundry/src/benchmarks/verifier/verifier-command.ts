import { release } from 'node:os'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import type { KernelOracle } from '@bpfoundry/kernel-oracle'
import type { CommandIo } from '../../command-io.ts'
import { EXIT } from '../../exit-code.ts'
import { openKernelOracle } from '../../kernel-oracle.ts'
import { type Cell, formatJson, formatTable, Progress } from '../../output.ts'
import { objectCases, ownCases, type VerifierCase } from './corpus.ts'
import { measureCase, profileBeside, type VerifierFigures } from './measure.ts'

export interface BenchVerifierOptions {
  readonly rounds: number
  readonly kernel: boolean
  readonly json?: boolean
}

/** What `--json` prints. */
interface VerifierBenchReport {
  readonly $schema: 'bpfoundry.bench-verifier/1'
  readonly host: { readonly node: string; readonly kernel: string }
  readonly rounds: number
  /** The release that ours judged for, where that is the running kernel's. */
  readonly profile?: string
  readonly programs: readonly VerifierFigures[]
  /** Programs of the corpus that our verifier refuses: nothing to measure. */
  readonly refused: readonly { readonly program: string; readonly reason: string }[]
  readonly summary: VerifierSummary
  /** Why the running kernel was not measured. */
  readonly kernelUnavailable?: string
  readonly peakMemoryMiB: number
}

interface VerifierSummary {
  readonly programs: number
  /** Of all instructions explored, at the least time of each program. */
  readonly nsPerInsn: number
  readonly kernelNsPerInsn?: number
  /** Sum of our times over that of the kernel's, of the programs that both verified. */
  readonly totalRatio?: number
  readonly medianRatio?: number
  /** Of the programs that both verified, those whose explored instructions are within 5 % of the kernel's. */
  readonly compared?: number
  readonly withinTolerance?: number
}

/** How far the instructions explored may be from the kernel's, as a share of those. */
const INSNS_TOLERANCE = 0.05

/** `bpfoundry bench verifier [OBJECT...]`. */
export async function benchVerifier(
  objects: readonly string[],
  options: BenchVerifierOptions,
  io: CommandIo,
): Promise<number> {
  const cases = objects.length === 0 ? ownCases() : objects.flatMap(objectCases)
  const { oracle, kernelUnavailable } = options.kernel ? await askedKernel() : {}
  const profile = profileBeside(oracle)
  try {
    const measured = await measureAll(cases, options.rounds, oracle, new Progress(io))
    const report: VerifierBenchReport = {
      $schema: 'bpfoundry.bench-verifier/1',
      host: { node: process.version, kernel: release() },
      rounds: options.rounds,
      ...(profile === undefined ? {} : { profile }),
      ...measured,
      summary: summaryOf(measured.programs),
      ...(kernelUnavailable === undefined ? {} : { kernelUnavailable }),
      peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    }
    io.out(options.json ? `${formatJson(report)}\n` : textOf(report))
    return EXIT.ok
  } finally {
    oracle?.close()
  }
}

async function askedKernel(): Promise<{ oracle?: KernelOracle; kernelUnavailable?: string }> {
  try {
    return { oracle: await openKernelOracle() }
  } catch (error) {
    if (!isDiagnostic(error) || error.code !== 'CLI_UNSUPPORTED_ORACLE') throw error
    return { kernelUnavailable: error.message }
  }
}

async function measureAll(
  cases: readonly VerifierCase[],
  rounds: number,
  oracle: KernelOracle | undefined,
  progress: Progress,
): Promise<Pick<VerifierBenchReport, 'programs' | 'refused'>> {
  const programs: VerifierFigures[] = []
  const refused: { program: string; reason: string }[] = []
  try {
    for (const one of cases) {
      progress.show(one.name)
      try {
        programs.push(await measureCase(one, rounds, oracle))
      } catch (error) {
        if (!isDiagnostic(error)) throw error
        refused.push({ program: one.name, reason: error.message })
      }
    }
  } finally {
    progress.clear()
  }
  return { programs, refused }
}

function summaryOf(programs: readonly VerifierFigures[]): VerifierSummary {
  const nsPerInsn = (rows: readonly { us: number; insnsProcessed: number }[]): number =>
    (sum(rows, ({ us }) => us) * 1000) / sum(rows, ({ insnsProcessed }) => insnsProcessed)
  const both = programs.flatMap(({ us, kernel }) => (kernel === undefined || kernel.us === 0 ? [] : [{ us, kernel }]))
  const ratios = both.map(({ us, kernel }) => us / kernel.us).sort((a, b) => a - b)
  const ours = { programs: programs.length, nsPerInsn: nsPerInsn(programs), ...comparedInsns(programs) }
  if (both.length === 0) return ours
  return {
    ...ours,
    kernelNsPerInsn: nsPerInsn(both.map(({ kernel }) => kernel)),
    totalRatio: sum(both, ({ us }) => us) / sum(both, ({ kernel }) => kernel.us),
    medianRatio: ratios[ratios.length >> 1] as number,
  }
}

/** How many of the programs take nearly as many instructions as in the kernel. */
function comparedInsns(programs: readonly VerifierFigures[]): Pick<VerifierSummary, 'compared' | 'withinTolerance'> {
  const differences = programs.flatMap(({ insnsProcessed, kernel }) =>
    kernel === undefined ? [] : [Math.abs(insnsProcessed - kernel.insnsProcessed) / kernel.insnsProcessed],
  )
  if (differences.length === 0) return {}
  const near = differences.filter((difference) => difference <= INSNS_TOLERANCE)
  return { compared: differences.length, withinTolerance: near.length }
}

function sum<T>(rows: readonly T[], value: (row: T) => number): number {
  return rows.reduce((total, row) => total + value(row), 0)
}

function textOf(report: VerifierBenchReport): string {
  const { programs, refused, summary, kernelUnavailable, peakMemoryMiB, rounds, profile } = report
  const head = ['program', 'insns', 'first', 'least', 'ns/insn', 'kernel insns', 'kernel', 'ours : kernel']
  const { nsPerInsn, kernelNsPerInsn, totalRatio, medianRatio, compared, withinTolerance } = summary
  const notes = [
    `us of verification alone, ${rounds} rounds; first: of the process's first load of it`,
    ...(profile === undefined ? [] : [`judged by the rules of Linux ${profile}, like the running kernel's`]),
    `all together: ${nsPerInsn.toFixed(0)} ns an explored instruction${
      kernelNsPerInsn === undefined ? '' : `, the kernel ${kernelNsPerInsn.toFixed(0)} ns`
    }`,
    ...(totalRatio === undefined || medianRatio === undefined
      ? []
      : [`ours : kernel, sum of times ${totalRatio.toFixed(2)}, median of programs ${medianRatio.toFixed(2)}`]),
    ...(compared === undefined
      ? []
      : [`explored instructions within ${INSNS_TOLERANCE * 100} % of the kernel's: ${withinTolerance} of ${compared}`]),
    ...(refused.length === 0 ? [] : [`refused, not measured: ${refused.map(({ program }) => program).join(', ')}`]),
    ...(kernelUnavailable === undefined ? [] : [`kernel: not measured: ${kernelUnavailable}`]),
    `peak memory of the process: ${peakMemoryMiB} MiB`,
  ]
  return `${formatTable(head, programs.map(rowOf))}\n\n${notes.join('\n')}\n`
}

function rowOf({ program, insnsProcessed, coldUs, us, kernel, kernelRefusal }: VerifierFigures): Cell[] {
  const perInsn = ((us * 1000) / Math.max(1, insnsProcessed)).toFixed(0)
  const theirs: Cell[] =
    kernel === undefined
      ? ['', kernelRefusal === undefined ? '' : 'refused', '']
      : [kernel.insnsProcessed, kernel.us, kernel.us === 0 ? '' : (us / kernel.us).toFixed(2)]
  return [program, insnsProcessed, coldUs, us, perInsn, ...theirs]
}
