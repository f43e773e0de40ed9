import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { askBareOf } from '../bare/bare-vector.ts'
import type { Answer } from '../report/answer.ts'
import { lastWords } from '../report/differences.ts'
import { createVector } from '../vector/vector.ts'
import { askVector, type VectorKernel } from '../verified/vector-kernel.ts'
import type { InternalCase, InternalRun } from './internal-case.ts'
import type { TailCallCase } from './tail-call-case.ts'

/** The least packet that BPF_PROG_TEST_RUN takes everywhere. */
const LEAST_PACKET_BYTES = 64

/** How far a kernel is asked. */
export interface InternalLimits {
  /**
   * Programs with more instructions are left out; 40,000 by default. A kernel has to verify what is meant to be executed:
   * Linux takes some ten seconds for each of the hundred programs that try all operands.
   */
  readonly mostInsns?: number
}

const MOST_INSNS = 40_000

/**
 * Asks a kernel, which verifies, for an internal case: as a socket filter, or where the context is plain memory, as an
 * XDP program on a packet. What its verifier does not take is no verdict on the case, but `unsupported`.
 */
export function askInternalOf(
  kernel: VectorKernel,
  internal: InternalCase,
  { mostInsns = MOST_INSNS }: InternalLimits = {},
): Answer {
  const { id, insns, context } = internal
  if (insns.length > mostInsns) {
    return { id, engine: kernel.name, unsupported: [`verifying more than ${mostInsns} instructions in good time`] }
  }
  const answer = context === 'memory' ? askWithMemory(kernel, internal) : askAsFilter(kernel, internal)
  return answer.load_ok === false
    ? { ...answer, unsupported: [`programs that its verifier refuses: ${lastWords(answer)}`] }
    : answer
}

function askAsFilter(kernel: VectorKernel, { id, insns, runs }: InternalCase): Answer {
  const packet = ({ dataBytes }: InternalRun): Uint8Array => new Uint8Array(Math.max(LEAST_PACKET_BYTES, dataBytes))
  return askVector(
    kernel,
    createVector({
      id,
      type: PROG_TYPE.SOCKET_FILTER,
      insns,
      runs: runs.map((run) => ({ dataIn: packet(run), repeat: 1, flags: 0 })),
    }),
  )
}

/** The length of the memory is in the program that hands it over, so that every run has a load of its own. */
function askWithMemory(kernel: VectorKernel, { id, insns, runs }: InternalCase): Answer {
  const answers = runs.map(({ dataBytes, result }) =>
    askBareOf(kernel, { id, insns, memory: new Uint8Array(dataBytes), expect: { result: BigInt(result) } }),
  )
  const [first] = answers as [Answer, ...Answer[]]
  return answers.length === 1 ? first : { ...first, runs: answers }
}

/** Tail calls by an address and an instruction that only fix-ups make are nothing that bpf(2) takes. */
export function askTailCallsOf(kernel: VectorKernel, { id }: TailCallCase): Answer {
  return { id, engine: kernel.name, unsupported: ['programs with the tail calls that its fix-ups make'] }
}
