import { spawnSync } from 'node:child_process'
import type { NfpPlacement, NfpProgram } from '@bpfoundry/jit-nfp'
import { type DriverAnswer, parseAnswers } from './driver-answer.ts'
import { buildDriver } from './driver-build.ts'
import type { DriverCase, DriverFirmware, DriverMap } from './driver-case.ts'
import { NfpDriverError } from './driver-error.ts'
import { driverLines } from './driver-lines.ts'

/** Bytes of an answer at most: a program of 4096 slots takes less than a megabyte. */
const MAX_ANSWER_BYTES = 1 << 30

/** The nfp driver's own translator and verifier hooks, compiled for this machine. */
export class NfpDriver {
  readonly #executable: string

  /** @param executable as {@link buildDriver} made it */
  constructor(executable: string) {
    this.#executable = executable
  }

  /**
   * Runs cases through the driver, one process for all.
   *
   * @throws NfpDriverError NFP_DRIVER_ANSWER where it does not answer each
   */
  run(cases: readonly DriverCase[]): DriverAnswer[] {
    const input = cases.flatMap(driverLines).join('\n')
    const done = spawnSync(this.#executable, { input: `${input}\n`, encoding: 'utf8', maxBuffer: MAX_ANSWER_BYTES })
    const answers = parseAnswers(done.stdout)
    if (done.status === 0 && answers.length === cases.length) return answers
    throw new NfpDriverError({
      code: 'NFP_DRIVER_ANSWER',
      message: `the driver answered ${answers.length} of ${cases.length} cases`,
      got: done.signal ?? `${done.stderr.trim()} (status ${done.status})`,
    })
  }

  /** Translates one verified program. */
  translate(program: NfpProgram, placement: NfpPlacement): DriverAnswer {
    const [answer] = this.run([translationCase(program, placement)])
    if (answer === undefined) throw new Error('one case has one answer')
    return answer
  }
}

/** A verified program as a case whose facts are poked into the driver's records. */
export function translationCase(program: NfpProgram, placement: NfpPlacement): DriverCase {
  const { type, insns, facts, stackDepths, guaranteedAdjustHead, target } = program
  const numbers = [...new Set(facts.flatMap((fact) => fact?.mapNumber ?? []))]
  const maps = numbers.map((tid): DriverMap => ({ id: tid, tid, neutral: false, valueBytes: 64 }))
  const mapUses = facts.flatMap((fact, pc) =>
    fact?.mapNumber === undefined ? [] : [{ pc, map: numbers.indexOf(fact.mapNumber) }],
  )
  const place = { type, insns, stackDepths, placement, firmware: firmwareOf(target), maps, mapUses, facts }
  return guaranteedAdjustHead === undefined ? place : { ...place, guaranteedAdjustHead }
}

/** Stack enough for every program: the check of its size is a verifier hook's. */
const ANY_STACK_CHUNKS = 255

function firmwareOf({ maxWords, adjustHead }: NfpProgram['target']): DriverFirmware {
  const rest = { maxWords, stackChunks: ANY_STACK_CHUNKS, pseudoRandom: true, queueSelect: true, adjustTail: true }
  if (adjustHead === undefined) return rest
  return { ...rest, adjustHead: { noMeta: true, ...adjustHead, guaranteedSub: 0, guaranteedAdd: 0 } }
}

/** The driver of this machine's kernel source, or why there is none: no gcc, or no source. */
export function openNfpDriver(kernelTree?: string): NfpDriver | { readonly reason: string } {
  const built = buildDriver(kernelTree)
  return 'reason' in built ? built : new NfpDriver(built.executable)
}
