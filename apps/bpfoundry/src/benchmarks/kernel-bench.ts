import { isDiagnostic } from '@bpfoundry/diagnostics'
import type { KernelOracle } from '@bpfoundry/kernel-oracle'
import { openKernelOracle, oracleLoader } from '../kernel-oracle.ts'
import { loadBenchProgram } from './load-program.ts'
import type { BenchProgram } from './programs.ts'

/** One program in the running kernel. */
export interface KernelFigures {
  readonly program: string
  /** BPF_PROG_TEST_RUN less its harness, which the trivial program tells. */
  readonly nsPerRun: number
  /** With the harness. */
  readonly nsPerTestRun: number
  readonly codeBytes: number
}

/** A test run takes about this long. */
const TEST_RUN_NS = 1e7
const ROUNDS = 7
const SINGLE_RUNS = 4000

/** Measures every program where the kernel can be asked; the first must be the trivial one. */
export async function measureRunningKernel(
  benches: readonly BenchProgram[],
): Promise<{ kernel: KernelFigures[] } | { kernelUnavailable: string }> {
  try {
    const oracle = await openKernelOracle()
    try {
      return { kernel: await measureAll(oracle, benches) }
    } finally {
      oracle.close()
    }
  } catch (error) {
    if (!isDiagnostic(error) || error.code !== 'CLI_UNSUPPORTED_ORACLE') throw error
    return { kernelUnavailable: error.message }
  }
}

async function measureAll(oracle: KernelOracle, benches: readonly BenchProgram[]): Promise<KernelFigures[]> {
  const loader = await oracleLoader(oracle)
  const fds = benches.map((bench) => loadBenchProgram(loader, bench).fd)
  const harness = timesOf(oracle, fds[0] as number, benches[0] as BenchProgram)
  return benches.map((bench, index) => {
    const fd = fds[index] as number
    const { single, repeated } = timesOf(oracle, fd, bench)
    // The kernel does not put a moved frame back between the runs of one test run: those are measured one by one.
    const [nsPerTestRun, less] = bench.movesFrame ? [single(), harness.single()] : [repeated(), harness.repeated()]
    const nsPerRun = Math.max(0, nsPerTestRun - less)
    return { program: bench.name, nsPerRun, nsPerTestRun, codeBytes: oracle.programInfo(fd).jitedBytes }
  })
}

/** Two ways to measure a program. */
interface TestRunTimes {
  /** The least mean of many runs in one test run. */
  readonly repeated: () => number
  /** The median of many test runs of one run each. */
  readonly single: () => number
}

function timesOf(oracle: KernelOracle, fd: number, { frame }: BenchProgram): TestRunTimes {
  const time = (repeat: number): number => oracle.testRun(fd, { dataIn: frame, repeat }).durationNs
  return {
    repeated: () => {
      const repeat = Math.max(1, Math.round(TEST_RUN_NS / Math.max(1, time(100))))
      return Math.min(...Array.from({ length: ROUNDS }, () => time(repeat)))
    },
    single: () => {
      const times = Array.from({ length: SINGLE_RUNS }, () => time(1)).sort((a, b) => a - b)
      return times[SINGLE_RUNS >> 1] as number
    },
  }
}
