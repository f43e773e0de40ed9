import { isDiagnostic } from '@bpfoundry/diagnostics'
import { ExecutionFault } from '@bpfoundry/engine'
import type { DataCase } from '../data-file/data-file.ts'
import type { Answer } from '../report/answer.ts'
import type { BareMachine } from './bare-machine.ts'

/** Puts a case that no verifier sees to one engine, and judges the answer. Whatever it is, there is an answer. */
export async function askBare(machine: BareMachine, bare: DataCase): Promise<Answer> {
  const answer = await attempt(machine, bare)
  const { expect } = bare
  // A case that must fail may do so at its load or in its run; runtimes have words of their own for it.
  if ('error' in expect) {
    const failed = answer.load_ok === false || answer.run_errno !== 0
    return { ...answer, pass: failed, ...(failed ? {} : { differs: [`r0: ${answer.r0}, expected a failure`] }) }
  }
  const wanted = hex64(expect.result)
  const pass = answer.r0 === wanted
  const got = answer.r0 ?? answer.error ?? 'nothing'
  return { ...answer, pass, ...(pass ? {} : { differs: [`r0: ${got}, expected ${wanted}`] }) }
}

const hex64 = (value: bigint): string => `0x${value.toString(16)}`

async function attempt(machine: BareMachine, { id, insns, memory }: DataCase): Promise<Answer> {
  const answer = { id, engine: machine.engine }
  try {
    const result = await machine.run({ name: id, insns, memory })
    return {
      ...answer,
      load_ok: true,
      errno: 0,
      run_errno: 0,
      retval: Number(BigInt.asUintN(32, result.r0)),
      r0: hex64(result.r0),
      data_out: Buffer.from(result.memory).toString('hex'),
      duration_ns: result.durationNs,
    }
  } catch (error) {
    return { ...answer, ...failure(error) }
  }
}

/** A fault ends a run; any other error of ours refuses the program. */
function failure(error: unknown): Omit<Answer, 'id' | 'engine'> {
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
