import {
  BARE_HELPERS_MODULE,
  type BareMachine,
  createBareMachine,
  createContainedMachine,
} from '@bpfoundry/conformance'
import { createInterpreter } from '@bpfoundry/interpreter'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { ContainedRunner, nativeEngineAvailable } from '@bpfoundry/native-exec'
import { engineByName } from '@bpfoundry/testbench'

/** A program that executes more on the interpreter has no end. */
const MOST_INSNS = 2e8

/** What is left of a case's time limit for a run in a child process, so that its own limit, which ends the child, comes first. */
const SHARE = 0.8

/**
 * A machine for programs that no verifier saw. Machine code of this host's CPU, which nothing stops, runs in a process of
 * its own; that of another CPU does so anyway, and the others check every access.
 *
 * @param timeLimitMs of a case; who watches over more than one run gives it
 */
export function bareMachine(name: string, timeLimitMs?: number): BareMachine {
  if (name === 'interpreter') return createBareMachine(createInterpreter({ fuel: MOST_INSNS }))
  const native = nativeEngineAvailable()
  if (!native.available || native.name !== name) return createBareMachine(engineByName(name))
  const limit = timeLimitMs === undefined ? {} : { timeLimitMs: SHARE * timeLimitMs }
  const options = { progArray: PROG_ARRAY_LAYOUT }
  return createContainedMachine(name, new ContainedRunner({ options, helpers: BARE_HELPERS_MODULE, ...limit }))
}
