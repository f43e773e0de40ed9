import { isDiagnostic } from '@bpfoundry/diagnostics'
import {
  type Kernel,
  KernelError,
  type KernelMap,
  type KernelProgram,
  ProgramNotCompiled,
  ProgramRejected,
} from '@bpfoundry/kernel'
import { ERRNO } from '@bpfoundry/kernel-abi'
import type { CollectionKernel, ProgramRefused } from '@bpfoundry/kernel-oracle'
import {
  Collection,
  type CollectionSpec,
  type LoadedMap,
  type LoadedProgram,
  type LoaderKernel,
  specToJudge,
} from '@bpfoundry/loader'

/** What a kernel makes of one program of an object. */
export interface ObjectVerdict {
  /** `unsupported`: it can't be told here. `unable`: that kernel loads no such programs at all. */
  readonly verdict: 'accepted' | 'refused' | 'unsupported' | 'unable'
  /** What was refused: the program, or a map that it needs. */
  readonly of?: 'program' | 'map'
  /** Positive. */
  readonly errno?: number
  /** The last words of the log, or the message. */
  readonly reason?: string
  readonly insnsProcessed?: number
}

/** Says what a kernel makes of the program of that name. */
export type ObjectJudge = (spec: CollectionSpec, program: string) => ObjectVerdict

/** Who is asked, and how its answers are read. */
interface AskedKernel<M extends LoadedMap, P extends LoadedProgram> {
  readonly kernel: LoaderKernel<M, P>
  insnsProcessed(program: P): number | undefined
  /** Undefined for an error that is no verdict. */
  verdictOf(error: unknown): ObjectVerdict | undefined
}

/** Asks for one program of an object with the maps that it needs. Nothing of it stays loaded. */
function ask<M extends LoadedMap, P extends LoadedProgram>(
  asked: AskedKernel<M, P>,
  spec: CollectionSpec,
  name: string,
): ObjectVerdict {
  try {
    const collection = Collection.create(specToJudge(spec, name), { kernel: asked.kernel, programs: [name] })
    const insnsProcessed = asked.insnsProcessed(collection.programs.get(name) as P)
    collection.close()
    return { verdict: 'accepted', ...(insnsProcessed === undefined ? {} : { insnsProcessed }) }
  } catch (error) {
    const verdict = asked.verdictOf(error)
    if (verdict === undefined) throw error
    return verdict
  }
}

/** The emulated kernel. */
export function emulatedJudge(kernel: Kernel): ObjectJudge {
  const asked: AskedKernel<KernelMap, KernelProgram> = {
    kernel: {
      possibleCpus: kernel.cpus.length,
      createMap: (request) => kernel.createMap(request),
      loadProgram: (request) => kernel.loadProgram(request),
    },
    insnsProcessed: ({ stats }) => stats.insnsProcessed,
    verdictOf: emulatedVerdict,
  }
  return (spec, program) => ask(asked, spec, program)
}

function emulatedVerdict(error: unknown): ObjectVerdict | undefined {
  // The engine has no part in the verdict.
  if (error instanceof ProgramNotCompiled) return { verdict: 'accepted', insnsProcessed: error.stats.insnsProcessed }
  if (error instanceof ProgramRejected) {
    const { errno, rejection, stats } = error
    const verdict = rejection.code === 'VERIFIER_UNSUPPORTED' ? 'unsupported' : 'refused'
    const reason = lastLine(rejection.message)
    return { verdict, of: 'program', errno, reason, insnsProcessed: stats.insnsProcessed }
  }
  if (!(error instanceof KernelError)) return loaderVerdict(error)
  const verdict = error.errno === ERRNO.ENOTSUPP || error.errno === ERRNO.EOPNOTSUPP ? 'unsupported' : 'refused'
  return {
    verdict,
    of: error.code.startsWith('KERNEL_MAP') ? 'map' : 'program',
    errno: error.errno,
    reason: error.message,
  }
}

/** The running kernel, opened for each object: this package works without native code. */
export function runningJudge(open: () => CollectionKernel): ObjectJudge {
  return (spec, program) => {
    const kernel = open()
    try {
      return ask(
        { kernel, insnsProcessed: ({ answer }) => answer.stats?.insnsProcessed, verdictOf: runningVerdict },
        spec,
        program,
      )
    } finally {
      kernel.close()
    }
  }
}

function runningVerdict(error: unknown): ObjectVerdict | undefined {
  if (!isDiagnostic(error) || !error.code.startsWith('ORACLE_')) return loaderVerdict(error)
  if (error.code === 'ORACLE_PROGRAM_REFUSED') return refusal((error as ProgramRefused).answer)
  return { verdict: 'refused', of: 'map', errno: (error as ProgramRefused).errno, reason: error.message }
}

type LoadAnswer = ProgramRefused['answer']

/** EPERM without a look at any instruction: of programs that are hooked into functions, which not every machine can do. */
function refusal({ errno, log, stats }: LoadAnswer): ObjectVerdict {
  const insnsProcessed = stats?.insnsProcessed ?? 0
  const unable = errno === ERRNO.EPERM && insnsProcessed === 0
  return { verdict: unable ? 'unable' : 'refused', of: 'program', errno, reason: wordsOf(log), insnsProcessed }
}

const STATISTICS = /^(processed \d|verification time|stack depth|mark_precise|BPF program is too large)/

/** The kernel's last words before its statistics. */
function wordsOf(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '')
  return lines.findLast((line) => !STATISTICS.test(line) || line.startsWith('BPF program')) ?? ''
}

/** What the loader itself can't do with this program. */
function loaderVerdict(error: unknown): ObjectVerdict | undefined {
  if (!isDiagnostic(error) || !error.code.startsWith('LOADER_')) return undefined
  const verdict = error.code === 'LOADER_UNSUPPORTED' ? 'unsupported' : 'refused'
  return { verdict, of: 'program', reason: error.message }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? ''
}
