import {
  askBare,
  askVector,
  type BareMachine,
  createEmulatedKernel,
  judge,
  type VectorKernel,
} from '@bpfoundry/conformance'
import { engineByName } from '@bpfoundry/testbench'
import { bareMachine } from './bare-machine.ts'
import { type AnswerByKind, answerByKind, type Judge } from './judge.ts'

/** An engine; what a kind of case needs is made when its first case comes. */
export function engineJudge(name: string): Judge {
  let machine: BareMachine | undefined
  let kernel: VectorKernel | undefined
  const rows: AnswerByKind = {
    bare: ({ bare }) => {
      machine ??= bareMachine(name)
      return askBare(machine, bare)
    },
    vector: ({ vector }) => {
      kernel ??= createEmulatedKernel(engineByName(name))
      return judge({ ...askVector(kernel, vector), engine: name }, vector.expect)
    },
    classic: ({ classic }) => ({ id: classic.id, engine: name, error: 'classic programs are not run yet' }),
  }
  return {
    name,
    answer: (one) => answerByKind(rows, one),
    close: () => machine?.close(),
  }
}
