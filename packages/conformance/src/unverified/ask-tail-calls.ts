import type { BareMachine } from '../bare/bare-machine.ts'
import { runOutcome } from '../bare/run-outcome.ts'
import type { Answer } from '../report/answer.ts'
import { judgeResults } from './result-judge.ts'
import type { TailCallCase } from './tail-call-case.ts'
import { counterIn, tailCallImages, tailCallMemory } from './tail-call-programs.ts'

/** Runs a tail-call case on one engine, and judges the answer. Whatever it is, there is an answer. */
export async function askTailCalls(machine: BareMachine, one: TailCallCase): Promise<Answer> {
  const { memory, part } = await runOutcome(() =>
    machine.runImages({
      memory: tailCallMemory(one),
      images: (address) => tailCallImages(one, address),
      context: one.needsState ? 'memory' : 'none',
      times: one.times,
    }),
  )
  const counted = memory === undefined || !one.resultInState ? {} : { retval: counterIn(memory) }
  return judgeResults({ id: one.id, engine: machine.engine }, [{ ...part, ...counted }], [one.result])
}
