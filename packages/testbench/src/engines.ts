import type { Engine } from '@bpfoundry/engine'
import { createInterpreter } from '@bpfoundry/interpreter'
import { nearestNames, TestbenchError } from './testbench-error.ts'

/** Every engine by the name that `--engine` takes. */
const ENGINES: Readonly<Record<string, () => Engine>> = {
  interpreter: () => createInterpreter(),
}

/** Names of the engines here. */
export const ENGINE_NAMES: readonly string[] = Object.keys(ENGINES)

/** @throws TestbenchError TESTBENCH_ENGINE */
export function engineByName(name: string): Engine {
  const make = ENGINES[name]
  if (make !== undefined) return make()
  throw new TestbenchError({
    code: 'TESTBENCH_ENGINE',
    message: `no such engine: ${name}`,
    got: name,
    expected: ENGINE_NAMES.join(', '),
    hint: nearestNames(name, ENGINE_NAMES),
  })
}
