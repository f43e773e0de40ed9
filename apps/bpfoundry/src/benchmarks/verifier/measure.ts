import { isDiagnostic } from '@bpfoundry/diagnostics'
import { Kernel, type KernelMap, type KernelProgram } from '@bpfoundry/kernel'
import { KERNEL_PROFILES } from '@bpfoundry/kernel-abi'
import type { KernelOracle } from '@bpfoundry/kernel-oracle'
import type { LoaderKernel } from '@bpfoundry/loader'
import { oracleLoader } from '../../kernel-oracle.ts'
import type { VerifierCase } from './corpus.ts'

/** Statistics only, as `bpf(2)` is asked for them: a log of every path would be measured along. */
const STATISTICS = 4

/** One program, verified here and by the running kernel. Times are of the verifier alone, as both print them. */
export interface VerifierFigures {
  readonly program: string
  readonly insnsProcessed: number
  /** The first time in this process. */
  readonly coldUs: number
  /** The least of the rounds. */
  readonly us: number
  readonly kernel?: { readonly insnsProcessed: number; readonly us: number }
  /** Why the running kernel has no figure. */
  readonly kernelRefusal?: string
}

/** Verifies a program `rounds` times in each kernel. @throws where our verifier refuses it */
export async function measureCase(
  one: VerifierCase,
  rounds: number,
  oracle: KernelOracle | undefined,
): Promise<VerifierFigures> {
  const kernel = emulated(profileBeside(oracle))
  const ours = Array.from({ length: rounds }, () => one.load(kernel, ({ stats }) => stats))
  const [first] = ours
  const figures = {
    program: one.name,
    insnsProcessed: first?.insnsProcessed ?? 0,
    coldUs: first?.verificationTimeUs ?? 0,
    us: least(ours),
  }
  return oracle === undefined ? figures : { ...figures, ...(await kernelFigures(one, rounds, oracle)) }
}

/** The running kernel's release, where its rules are known: what is compared shall be judged by the same ones. */
export function profileBeside(oracle: KernelOracle | undefined): string | undefined {
  const release = oracle?.release.split('.').slice(0, 2).join('.')
  return release !== undefined && KERNEL_PROFILES.has(release) ? release : undefined
}

function emulated(profile: string | undefined): LoaderKernel<KernelMap, KernelProgram> {
  const kernel = Kernel.create(profile === undefined ? {} : { profile })
  return {
    createMap: (request) => kernel.createMap(request),
    loadProgram: (request) => kernel.loadProgram({ ...request, logLevel: STATISTICS }),
  }
}

async function kernelFigures(
  one: VerifierCase,
  rounds: number,
  oracle: KernelOracle,
): Promise<Pick<VerifierFigures, 'kernel' | 'kernelRefusal'>> {
  try {
    const loader = await oracleLoader(oracle)
    const answers = Array.from({ length: rounds }, () => one.load(loader, ({ answer }) => answer.stats))
    loader.close()
    const told = answers.flatMap((stats) =>
      stats?.verificationTimeUs === undefined ? [] : [{ ...stats, verificationTimeUs: stats.verificationTimeUs }],
    )
    return told.length === 0
      ? { kernelRefusal: 'its log tells no time' }
      : { kernel: { insnsProcessed: told[0]?.insnsProcessed ?? 0, us: least(told) } }
  } catch (error) {
    if (!isDiagnostic(error)) throw error
    return { kernelRefusal: error.message }
  }
}

function least(stats: readonly { readonly verificationTimeUs: number }[]): number {
  return Math.min(...stats.map(({ verificationTimeUs }) => verificationTimeUs))
}
