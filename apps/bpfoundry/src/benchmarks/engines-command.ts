import { cpus, release } from 'node:os'
import type { CommandIo } from '../command-io.ts'
import { enginesNamed } from '../engines.ts'
import { EXIT, UsageError } from '../exit-code.ts'
import { type Cell, formatJson, formatTable, Progress } from '../output.ts'
import { type EngineFigures, executedInsns, measureEngine } from './engine-bench.ts'
import { type KernelFigures, measureRunningKernel } from './kernel-bench.ts'
import { BENCH_PROGRAMS, type BenchProgram } from './programs.ts'
import { measureUbpf, type UbpfFigures } from './ubpf-bench.ts'

export interface BenchEnginesOptions {
  readonly engine: readonly string[]
  readonly ubpf?: string
  readonly program?: string
  readonly milliseconds: number
  readonly kernel: boolean
  readonly count?: boolean
  readonly json?: boolean
}

/** What `--json` prints. */
interface EnginesReport {
  readonly $schema: 'bpfoundry.bench-engines/1'
  readonly host: { readonly cpu: string; readonly arch: string; readonly node: string; readonly kernel: string }
  readonly counted: boolean
  readonly engines: readonly EngineFigures[]
  readonly kernel?: readonly KernelFigures[]
  /** Why the running kernel was not measured. */
  readonly kernelUnavailable?: string
  readonly ubpf?: readonly UbpfFigures[]
}

/** `bpfoundry bench engines`. */
export async function benchEngines(options: BenchEnginesOptions, io: CommandIo): Promise<number> {
  const programs = chosen(options.program)
  const names = enginesNamed(options.engine)
  const progress = new Progress(io)
  const effort = { cpuNs: options.milliseconds * 1e6, count: options.count === true }
  const engines: EngineFigures[] = []
  try {
    if (options.ubpf !== undefined) progress.show('uBPF')
    const ubpf = options.ubpf === undefined ? {} : { ubpf: measureUbpf(options.ubpf, programs) }
    for (const program of programs) {
      const insns = executedInsns(program)
      for (const engine of names) {
        progress.show(`${program.name} on ${engine}`)
        engines.push(await measureEngine(engine, program, insns, effort))
      }
    }
    progress.show('the running kernel')
    const report: EnginesReport = {
      $schema: 'bpfoundry.bench-engines/1',
      host: { cpu: cpus()[0]?.model ?? 'unknown', arch: process.arch, node: process.version, kernel: release() },
      counted: effort.count,
      engines,
      ...(options.kernel ? await measureRunningKernel(programs) : {}),
      ...ubpf,
    }
    progress.clear()
    io.out(options.json ? `${formatJson(report)}\n` : textOf(report))
    return EXIT.ok
  } finally {
    progress.clear()
  }
}

/** The trivial program is always among them: the kernel's harness is measured with it. */
function chosen(part: string | undefined): readonly BenchProgram[] {
  if (part === undefined) return BENCH_PROGRAMS
  const [trivial, ...others] = BENCH_PROGRAMS
  const wanted = others.filter(({ name }) => name.toLowerCase().includes(part.toLowerCase()))
  if (wanted.length > 0 || trivial?.name.includes(part.toLowerCase())) return [trivial as BenchProgram, ...wanted]
  throw new UsageError({
    code: 'CLI_BENCH_PROGRAM',
    message: `no such program: ${part}`,
    got: part,
    expected: BENCH_PROGRAMS.map(({ name }) => name).join(', '),
  })
}

const ns = (value: number): string => (value >= 1000 ? `${(value / 1000).toFixed(2)} us` : `${value.toFixed(1)} ns`)

function textOf({ engines, kernel, kernelUnavailable, ubpf, counted }: EnginesReport): string {
  const head = ['program', 'insns', 'engine', 'per run', 'per call', 'compile', 'code']
  const programs = [...new Set(engines.map(({ program }) => program))]
  const rows = programs.flatMap((program) => {
    const ours = engines.filter((row) => row.program === program)
    const theirs = kernel?.find((row) => row.program === program)
    const peer = ubpf?.find((row) => row.program === program)
    const insns = ours[0]?.insns ?? 0
    return [
      ...ours.map((row) => engineRow(row)),
      ...(theirs === undefined ? [] : [peerRow(program, insns, 'kernel', theirs.nsPerRun, theirs.codeBytes)]),
      ...(peer === undefined ? [] : [peerRow(program, insns, 'uBPF JIT', peer.nsPerRun)]),
    ]
  })
  const notes = [
    '',
    'per run: inside of a loop in compiled code; per call: from JavaScript; the least of many samples',
    ...(counted ? ['compiled code counts instructions'] : []),
    ...(kernel === undefined ? [] : ['kernel: BPF_PROG_TEST_RUN less its harness, measured with the trivial program']),
    ...(kernelUnavailable === undefined ? [] : [`kernel: not measured: ${kernelUnavailable}`]),
  ]
  return `${formatTable(head, rows)}\n${notes.join('\n')}\n`
}

function engineRow({ program, insns, engine, nsPerRun, nsPerCall, compileUs, codeBytes }: EngineFigures): Cell[] {
  return [program, insns, engine, ns(nsPerRun), ns(nsPerCall), `${compileUs.toFixed(0)} us`, size(codeBytes)]
}

function peerRow(program: string, insns: number, name: string, nsPerRun: number, codeBytes?: number): Cell[] {
  return [program, insns, name, ns(nsPerRun), '', '', size(codeBytes)]
}

const size = (bytes: number | undefined): string => (bytes === undefined ? '' : `${bytes} B`)
