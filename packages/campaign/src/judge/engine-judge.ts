import {
  askBare,
  askClassic,
  askInternal,
  askTailCalls,
  askVector,
  type BareMachine,
  type ClassicRunner,
  createEmulatedKernel,
  createTranslatedRunner,
  judge,
  type VectorKernel,
} from '@bpfoundry/conformance'
import { engineByName } from '@bpfoundry/testbench'
import { bareMachine } from './bare-machine.ts'
import { type AnswerByKind, answerByKind, type Judge } from './judge.ts'

/** How an engine is asked. */
export interface EngineJudgeOptions {
  /** What a case may take, if somebody watches over that. */
  readonly timeLimitMs?: number
  /** Release by whose rules its kernel judges programs; the kernel's default without it. */
  readonly profile?: string
}

/** An engine; what a kind of case needs is made when its first case comes. */
export function engineJudge(name: string, { timeLimitMs, profile }: EngineJudgeOptions = {}): Judge {
  let machine: BareMachine | undefined
  let kernel: VectorKernel | undefined
  let classicRunner: ClassicRunner | undefined
  const unverified = (): BareMachine => {
    machine ??= bareMachine(name, timeLimitMs)
    return machine
  }
  const rows: AnswerByKind = {
    bare: ({ bare }) => askBare(unverified(), bare),
    internal: ({ internal }) => askInternal(unverified(), internal),
    'tail-call': ({ tailCall }) => askTailCalls(unverified(), tailCall),
    vector: ({ vector }) => {
      kernel ??= createEmulatedKernel(engineByName(name), { profile })
      return judge({ ...askVector(kernel, vector), engine: name }, vector.expect)
    },
    classic: ({ classic }) => {
      classicRunner ??= createTranslatedRunner(engineByName(name))
      return askClassic(classicRunner, classic)
    },
  }
  return {
    name,
    answer: (one) => answerByKind(rows, one),
    close: () => {
      machine?.close()
      classicRunner?.close()
    },
  }
}
