import {
  type Answer,
  askBare,
  askBareOf,
  askVector,
  BARE_HELPERS_MODULE,
  type BareMachine,
  type ConformanceCase,
  createBareMachine,
  createContainedMachine,
  createEmulatedKernel,
  createRunningKernel,
  judge,
  type VectorKernel,
} from '@bpfoundry/conformance'
import { createInterpreter } from '@bpfoundry/interpreter'
import type { KernelOracle } from '@bpfoundry/kernel-oracle'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { ContainedRunner, nativeEngineAvailable } from '@bpfoundry/native-exec'
import { engineByName } from '@bpfoundry/testbench'

/** Who answers cases: an engine under the emulated kernel, or the running kernel. */
export interface Judge {
  readonly name: string
  answer(one: ConformanceCase): Promise<Answer>
  close(): void
}

/** A program that executes more on the interpreter has no end. */
const MOST_INSNS = 2e8

/**
 * A machine for programs that no verifier saw. Machine code of this host's CPU, which nothing stops, runs in a process of
 * its own; that of another CPU does so anyway, and the others check every access.
 */
export function bareMachine(name: string): BareMachine {
  if (name === 'interpreter') return createBareMachine(createInterpreter({ fuel: MOST_INSNS }))
  const native = nativeEngineAvailable()
  if (!native.available || native.name !== name) return createBareMachine(engineByName(name))
  const options = { progArray: PROG_ARRAY_LAYOUT }
  return createContainedMachine(name, new ContainedRunner({ options, helpers: BARE_HELPERS_MODULE }))
}

/** An engine; what a format needs is made when its first case comes. */
export function engineJudge(name: string): Judge {
  let machine: BareMachine | undefined
  let kernel: VectorKernel | undefined
  return {
    name,
    async answer(one) {
      if (one.kind === 'bare') {
        machine ??= bareMachine(name)
        return askBare(machine, one.bare)
      }
      kernel ??= createEmulatedKernel(engineByName(name))
      return judge({ ...askVector(kernel, one.vector), engine: name }, one.vector.expect)
    },
    close: () => machine?.close(),
  }
}

/** The running kernel: its answers are held against no expectation, engines are held against them. */
export function kernelJudge(oracle: KernelOracle): Judge {
  const kernel = createRunningKernel(oracle)
  return {
    name: kernel.name,
    answer: async (one) => (one.kind === 'bare' ? askBareOf(kernel, one.bare) : askVector(kernel, one.vector)),
    close: () => oracle.close(),
  }
}
