import { CbpfError } from '@bpfoundry/cbpf'
import { ExecutionFault } from '@bpfoundry/engine'
import { ERRNO, errnoName } from '@bpfoundry/kernel-abi'
import type { Answer, RunAnswer } from '../report/answer.ts'
import { caseBuffer } from './case-buffer.ts'
import type { ClassicCase, ClassicRun } from './classic-case.ts'
import type { ClassicProgram, ClassicRunner } from './classic-runner.ts'

/** Puts a classic case to one way of running it, and judges the answer. Whatever it is, there is an answer. */
export function askClassic(runner: ClassicRunner, classic: ClassicCase): Answer {
  const answer = { id: classic.id, engine: runner.engine }
  const program = load(runner, classic)
  if (program instanceof CbpfError) return judgeClassic({ ...answer, ...refusal(program) }, classic)
  try {
    const runs = classic.runs.map((run) => runOnce(program, classic, run))
    return judgeClassic({ ...answer, load_ok: true, errno: 0, ...(runs.length === 1 ? runs[0] : { runs }) }, classic)
  } finally {
    program.release()
  }
}

function load(runner: ClassicRunner, { insns }: ClassicCase): ClassicProgram | CbpfError {
  try {
    return runner.load(insns)
  } catch (error) {
    if (error instanceof CbpfError) return error
    throw error
  }
}

/** The kernel answers EINVAL, whatever the reason. */
function refusal(error: CbpfError): Pick<Answer, 'load_ok' | 'errno' | 'verifier_log'> {
  return { load_ok: false, errno: 'EINVAL', verifier_log: String(error) }
}

function runOnce(program: ClassicProgram, classic: ClassicCase, run: ClassicRun): RunAnswer {
  const started = performance.now()
  try {
    const retval = program.run(caseBuffer(classic, run))
    return { run_errno: 0, retval, duration_ns: Math.round((performance.now() - started) * 1e6) }
  } catch (error) {
    // A program that was checked and translated right does not fault; where it does, that is the answer.
    if (error instanceof ExecutionFault) return { run_errno: error.code }
    throw error
  }
}

/** The answer with `pass`, and what differs from the case's expectation. */
function judgeClassic(answer: Answer, classic: ClassicCase): Answer {
  const differs =
    classic.refusedWith === undefined ? runDifferences(answer, classic) : refusalDifferences(answer, classic)
  return { ...answer, pass: differs.length === 0, ...(differs.length === 0 ? {} : { differs }) }
}

function refusalDifferences({ load_ok, errno }: Answer, { refusedWith = ERRNO.EINVAL }: ClassicCase): string[] {
  const wanted = errnoName(refusedWith)
  if (load_ok === false && errno === wanted) return []
  return [`errno: ${load_ok === true ? 0 : errno}, expected ${wanted}`]
}

function runDifferences(answer: Answer, { runs }: ClassicCase): string[] {
  if (answer.load_ok !== true) return [`refused: ${answer.verifier_log ?? answer.error}`]
  const answers = answer.runs ?? [answer]
  return runs.flatMap(({ dataBytes, result }, index) => {
    const { retval, run_errno } = answers[index] as RunAnswer
    if (retval === result) return []
    return [`run ${index}, ${dataBytes} bytes: ${retval ?? run_errno}, expected ${result}`]
  })
}
