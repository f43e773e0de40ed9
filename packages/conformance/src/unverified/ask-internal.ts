import type { BareMachine } from '../bare/bare-machine.ts'
import { unverifiedImage } from '../bare/bare-program.ts'
import { type RunPart, runOutcome } from '../bare/run-outcome.ts'
import type { Answer } from '../report/answer.ts'
import type { InternalCase, InternalRun } from './internal-case.ts'
import { judgeResults } from './result-judge.ts'

/** What stands for a socket buffer: more than its structure in any kernel. */
const SOCKET_BUFFER_BYTES = 256

/** Runs an internal case on one engine, and judges the answer. Whatever it is, there is an answer. */
export async function askInternal(machine: BareMachine, internal: InternalCase): Promise<Answer> {
  const parts: RunPart[] = []
  for (const run of internal.runs) parts.push(await attempt(machine, internal, run))
  const expected = internal.runs.map(({ result }) => result)
  return judgeResults({ id: internal.id, engine: machine.engine }, parts, expected)
}

async function attempt(
  machine: BareMachine,
  { name, insns, context }: InternalCase,
  { dataBytes }: InternalRun,
): Promise<RunPart> {
  const bytes = { none: 0, memory: dataBytes, 'socket-buffer': SOCKET_BUFFER_BYTES }[context]
  const { part } = await runOutcome(() =>
    machine.runImages({
      memory: new Uint8Array(bytes),
      images: () => [unverifiedImage({ id: 1, name, insns, fixedUp: true })],
      context: context === 'none' ? 'none' : 'memory',
      times: 1,
    }),
  )
  return part
}
