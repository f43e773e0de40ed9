import { Kernel, type KernelMap, ProgramRejected } from '@bpfoundry/kernel'
import {
  Collection,
  type CollectionSpec,
  type LoadedProgram,
  type LoaderKernel,
  type MapRequest,
  type ProgramRequest,
} from '@bpfoundry/loader'
import { type OffloadAdvice, OffloadReview, type ReviewOptions } from '@bpfoundry/nfp'

/** What is said of one program. */
export interface ReviewedOffload {
  readonly advice: OffloadAdvice
  readonly stats: ProgramRejected['stats']
  readonly slotCounts: ProgramRejected['slotCounts']
  readonly log: string
  /** Why the verifier refuses it wherever it is to run; blockers after that point are not known. */
  readonly rejection?: ProgramRejected['rejection']
}

/** What a program is reviewed for, and where. */
export interface OffloadReviewOptions extends ReviewOptions {
  readonly logLevel?: number
  /** Loads the program, and keeps nothing of it; one of its own when absent. Many reviews want one kernel. */
  readonly kernel?: Kernel
}

/**
 * Finds everything that keeps a program from a card, not only what a load would stop at. Nothing of it stays.
 *
 * @throws LoaderError, KernelError for an object that can't be loaded anywhere
 */
export function reviewOffload(spec: CollectionSpec, program: string, options: OffloadReviewOptions): ReviewedOffload {
  const kernel = options.kernel ?? Kernel.create({ hollowMaps: true })
  const maps = new Map<number, KernelMap>()
  let found: ReviewedOffload | undefined
  const reviewing: LoaderKernel<KernelMap, LoadedProgram> = {
    createMap: (request: MapRequest<KernelMap>) => {
      const map = kernel.createMap(request)
      maps.set(map.fd, map)
      return map
    },
    loadProgram: (request: ProgramRequest) => {
      found = reviewLoad(kernel, { ...request, logLevel: options.logLevel ?? 1 }, maps, options)
      return { id: 0, fd: -1, name: request.name, close: () => {} }
    },
  }
  try {
    Collection.create(spec, { kernel: reviewing, programs: [program] }).close()
  } catch (error) {
    // What the loader does with a loaded program (putting it into a program array) is none of the review's matter.
    if (found === undefined) throw error
  }
  if (options.kernel === undefined) kernel.runtime.close()
  if (found === undefined) throw new Error('the loader loaded no program')
  return found
}

function reviewLoad(
  kernel: Kernel,
  request: ProgramRequest & { readonly logLevel: number },
  maps: ReadonlyMap<number, KernelMap>,
  options: ReviewOptions,
): ReviewedOffload {
  const review = new OffloadReview(request, mapsOf(request, maps), options)
  const device = { ifindex: 2, name: options.card.name, prepare: () => ({ hooks: review.hooks }) }
  try {
    const program = kernel.loadProgram(request, device)
    program.close()
    const { stats, slotCounts, log } = program
    return { advice: review.advice(), stats, slotCounts, log }
  } catch (error) {
    if (!(error instanceof ProgramRejected)) throw error
    const { rejection, stats, slotCounts, log } = error
    return { advice: review.advice(rejection), stats, slotCounts, log, rejection }
  }
}

/** Those that instructions name, in their order. */
function mapsOf({ insns }: ProgramRequest, maps: ReadonlyMap<number, KernelMap>): readonly KernelMap[] {
  const named = insns.flatMap(({ opcode, src, imm }) => (opcode === 0x18 && (src === 1 || src === 2) ? [imm] : []))
  return [...new Set(named)].flatMap((fd) => maps.get(fd) ?? [])
}
