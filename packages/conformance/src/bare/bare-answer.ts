import type { DataCase } from '../data-file/data-file.ts'
import type { Answer } from '../report/answer.ts'
import type { BareMachine } from './bare-machine.ts'
import { hex64, runOutcome } from './run-outcome.ts'

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

async function attempt(machine: BareMachine, { id, insns, memory: given }: DataCase): Promise<Answer> {
  const { memory, part } = await runOutcome(() => machine.run({ name: id, insns, memory: given }))
  const answer = { id, engine: machine.engine, ...part }
  return memory === undefined ? answer : { ...answer, data_out: Buffer.from(memory).toString('hex') }
}
