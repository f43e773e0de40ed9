import {
  askBareOf,
  askClassicOf,
  askInternalOf,
  askTailCallsOf,
  askVector,
  createRunningKernel,
} from '@bpfoundry/conformance'
import type { KernelOracle } from '@bpfoundry/kernel-oracle'
import { type AnswerByKind, answerByKind, type Judge } from './judge.ts'

/** The running kernel: its answers are held against no expectation, engines are held against them. */
export function kernelJudge(oracle: KernelOracle): Judge {
  const kernel = createRunningKernel(oracle)
  const rows: AnswerByKind = {
    bare: ({ bare }) => askBareOf(kernel, bare),
    internal: ({ internal }) => askInternalOf(kernel, internal),
    'tail-call': ({ tailCall }) => askTailCallsOf(kernel, tailCall),
    vector: ({ vector }) => askVector(kernel, vector),
    classic: ({ classic }) => askClassicOf(kernel, classic),
  }
  return { name: kernel.name, answer: (one) => answerByKind(rows, one), close: () => oracle.close() }
}
