import { type Kernel, ProgramRejected } from '@bpfoundry/kernel'
import { programTypeName } from '@bpfoundry/kernel-abi'
import { type CollectionSpec, type ProgramSpec, specToJudge } from '@bpfoundry/loader'
import type { NfpCard, OffloadAdvice } from '@bpfoundry/nfp'
import { createObjects, type KernelTypesFile, noSuchProgram, readSpec, reviewOffload } from '@bpfoundry/testbench'
import type { Rejection, SlotCounts, Traceable, VerifierStats } from '@bpfoundry/verifier'
import { type Explanation, explain } from '../explain/explanation.ts'
import { type HotLine, hotLines } from './hot-lines.ts'

/** What programs are judged by. */
export interface JudgeOptions {
  /** Of the release to judge for. */
  readonly kernel: Kernel
  /** Only this program of each object. */
  readonly program?: string
  readonly logLevel?: number
  /** Judges for this card instead of the host. */
  readonly card?: NfpCard
  readonly mtu?: number
  /** What programs find in their kernel. */
  readonly kernelTypes?: KernelTypesFile
  /** Explains refusals. */
  readonly explains?: boolean
  /** Tells the lines that took most instructions, so many of them. */
  readonly hotLines?: number
}

/** A program's verdict, as `--json` prints it. */
export interface Verdict {
  readonly object: string
  readonly program: string
  readonly type: string
  readonly verdict: 'accepted' | 'refused'
  readonly stats: VerifierStats
  /** Instructions as they were loaded, a wide one as two. */
  readonly programSlots: number
  /** Machine code for it, where the engine makes such. */
  readonly jitedBytes?: number
  readonly rejection?: Rejection
  /** The refusal for people, where that was asked for. */
  readonly explanation?: Explanation
  /** Where the instructions went, where that was asked for. */
  readonly hot?: readonly HotLine[]
  readonly log?: string
  /** For a card: whether it goes there, and everything that keeps it from there. */
  readonly offload?: OffloadAdvice
}

type Judged = Omit<Verdict, 'object' | 'program' | 'type' | 'programSlots' | 'explanation' | 'hot'> & {
  readonly slotCounts: SlotCounts
  /** Of a refusal: searches the shortest way to it. */
  readonly refusedPath?: Traceable['refusedPath']
}

/** Names of the programs to judge. @throws TestbenchError TESTBENCH_NO_SUCH_PROGRAM */
export function programsOf(object: string, spec: CollectionSpec, wanted: string | undefined): string[] {
  if (wanted === undefined) return [...spec.programs.keys()]
  if (spec.programs.has(wanted)) return [wanted]
  throw noSuchProgram(object, wanted, [...spec.programs.keys()])
}

/**
 * Judges the programs of an object: each when its function is called, which throws what loading it throws, but for
 * refusals.
 *
 * @throws what reading the object throws
 */
export function judgePrograms(object: string, options: JudgeOptions): (() => Verdict)[] {
  const read = (): CollectionSpec => readObject(object, options)
  const spec = read()
  return programsOf(object, spec, options.program).map((program) => () => {
    const known = spec.programs.get(program) as ProgramSpec
    const { slotCounts, refusedPath, ...judged } =
      options.card === undefined
        ? hostVerdict(object, read(), program, options)
        : cardVerdict(read(), program, options.card, options)
    const { rejection } = judged
    const explained =
      rejection === undefined || options.explains !== true
        ? {}
        : { explanation: explain(known, rejection, refusedPath?.()) }
    const hot = options.hotLines === undefined ? {} : { hot: hotLines(known, slotCounts, options.hotLines) }
    const asked = { object, program, type: programTypeName(known.type), programSlots: known.insns.length }
    return { ...asked, ...judged, ...explained, ...hot }
  })
}

/** Once for each load: loading changes a spec. */
function readObject(object: string, { kernelTypes }: JudgeOptions): CollectionSpec {
  return readSpec(object, kernelTypes === undefined ? {} : { kernelTypes })
}

/** The log where it was asked for. */
function logOf({ logLevel }: JudgeOptions, log: string): Pick<Verdict, 'log'> {
  return logLevel === undefined ? {} : { log }
}

function hostVerdict(object: string, spec: CollectionSpec, program: string, options: JudgeOptions): Judged {
  const logLevel = options.logLevel ?? 1
  try {
    const objects = createObjects(options.kernel, specToJudge(spec, program), object, { programs: [program], logLevel })
    const { stats, slotCounts, log, translation } = objects.program(program).kernelProgram
    objects.close()
    return { verdict: 'accepted', stats, slotCounts, ...codeOf(translation), ...logOf(options, log) }
  } catch (error) {
    if (!(error instanceof ProgramRejected)) throw error
    const { stats, slotCounts, rejection, log, refusedPath } = error
    return { verdict: 'refused', stats, slotCounts, rejection, refusedPath, ...logOf(options, log) }
  }
}

/** Of engines whose code is machine code. */
function codeOf(translation: object): Pick<Verdict, 'jitedBytes'> {
  const { codeBytes } = translation as { readonly codeBytes?: unknown }
  return typeof codeBytes === 'number' ? { jitedBytes: codeBytes } : {}
}

function cardVerdict(spec: CollectionSpec, program: string, card: NfpCard, options: JudgeOptions): Judged {
  const { kernel, mtu, logLevel } = options
  const { advice, stats, slotCounts, log, rejection } = reviewOffload(spec, program, {
    card,
    kernel,
    ...(mtu === undefined ? {} : { mtu }),
    ...(logLevel === undefined ? {} : { logLevel }),
  })
  return {
    verdict: rejection === undefined ? 'accepted' : 'refused',
    stats,
    slotCounts,
    ...(rejection === undefined ? {} : { rejection }),
    ...logOf(options, log),
    offload: advice,
  }
}
