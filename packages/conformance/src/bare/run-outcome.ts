import { isDiagnostic } from '@bpfoundry/diagnostics'
import { ExecutionFault } from '@bpfoundry/engine'
import type { Answer } from '../report/answer.ts'
import type { BareResult } from './bare-machine.ts'

/** What of an answer a run gives. */
export type RunPart = Omit<Answer, 'id' | 'engine'>

/** What came of running a program that no verifier sees; the memory it left, where it ended. */
export interface RunOutcome {
  readonly part: RunPart
  readonly memory?: Uint8Array
}

/** Runs a program that no verifier sees. Whatever it does, something comes of it. */
export async function runOutcome(run: () => Promise<BareResult>): Promise<RunOutcome> {
  try {
    const { r0, memory, durationNs } = await run()
    const retval = Number(BigInt.asUintN(32, r0))
    const part = { load_ok: true, errno: 0, run_errno: 0, retval, r0: hex64(r0), duration_ns: durationNs }
    return { part, memory }
  } catch (error) {
    return { part: failure(error) }
  }
}

export const hex64 = (value: bigint): string => `0x${value.toString(16)}`

/** A fault ends a run; any other error of ours refuses the program. */
function failure(error: unknown): RunPart {
  if (error instanceof ExecutionFault || error instanceof WebAssembly.RuntimeError) {
    return {
      load_ok: true,
      errno: 0,
      run_errno: error instanceof ExecutionFault ? error.code : 'EFAULT',
      error: String(error),
    }
  }
  if (isDiagnostic(error)) return { load_ok: false, errno: 'EINVAL', verifier_log: error.message, error: String(error) }
  throw error
}
