/** One program through our translator and through the driver's. */
import { type NfpPlacement, type NfpProgram, type NfpRelocationKind, relocate, translateNfp } from '@bpfoundry/jit-nfp'
import { type DriverAnswer, type NfpDriver, translationCase } from '../src/index.ts'

/** Where programs are put: any place will do, as long as the addresses tell apart. */
export const PLACEMENT: NfpPlacement = {
  start: 3072,
  done: 1234,
  helpers: new Map([
    [1, 2001],
    [2, 2002],
    [3, 2003],
    [25, 2025],
  ]),
}

/** enum nfp_relo_type */
const RELOCATION_NUMBERS: Readonly<Record<NfpRelocationKind, number>> = {
  branch: 1,
  out: 2,
  abort: 3,
  'push-registers': 4,
  'pop-registers': 5,
  'next-packet': 6,
  helper: 7,
  address: 8,
}

/** What both sides say, in one form. */
interface Outcome {
  readonly words?: readonly string[]
  readonly insnStarts?: readonly number[]
  readonly entries?: readonly number[]
  readonly stackBytes?: number
  readonly loaded?: readonly string[]
  readonly log?: readonly string[]
}

const hex = (word: number): string => word.toString(16)

function ourOutcome(program: NfpProgram): Outcome {
  const { translation, refusal } = translateNfp(program)
  if (refusal !== undefined) return { log: refusal.log }
  const { words, relocations, insnStarts, entryPoints, stackBytes } = translation
  const kinds = new Map(relocations.map(({ at, kind }) => [at, RELOCATION_NUMBERS[kind]]))
  const { out, abort, pushRegisters = 0, popRegisters = 0 } = entryPoints
  return {
    words: words.map((word, at) => `${hex(word)} ${kinds.get(at) ?? 0}`),
    insnStarts,
    entries: [out, abort, pushRegisters, popRegisters],
    stackBytes,
    loaded: relocate(translation, PLACEMENT).map(hex),
  }
}

/** Warnings of the kernel's own invariants are no messages of the driver. */
const isMessage = (line: string): boolean => !line.startsWith('WARNING:') && !line.startsWith('verifier allowed')

function driverOutcome(answer: DriverAnswer): Outcome {
  if (answer.words === undefined) return { log: answer.log.filter(isMessage) }
  return {
    words: answer.words.map(({ word, relocation }) => `${hex(word)} ${relocation}`),
    insnStarts: answer.insnStarts ?? [],
    entries: answer.entries ?? [],
    stackBytes: answer.stackBytes,
    loaded: (answer.loaded ?? []).map(hex),
  }
}

/** Both outcomes of one program. */
export interface Compared {
  readonly program: NfpProgram
  readonly ours: Outcome
  readonly theirs: Outcome
}

export function compare(driver: NfpDriver, programs: readonly NfpProgram[]): Compared[] {
  const answers = driver.run(programs.map((program) => translationCase(program, PLACEMENT)))
  return programs.map((program, n) => ({
    program,
    ours: ourOutcome(program),
    theirs: driverOutcome(answers[n] as DriverAnswer),
  }))
}

/** Counts of a run, for its summary. */
export interface Counts {
  readonly programs: number
  readonly translated: number
  readonly words: number
  readonly differences: number
}

/** What differs, word by word; words that one side has alone count each, as do differences in all else. */
export function countOf(compared: readonly Compared[]): Counts {
  let [translated, words, differences] = [0, 0, 0]
  for (const { ours, theirs } of compared) {
    if (theirs.words !== undefined) translated++
    words += theirs.words?.length ?? 0
    const longest = Math.max(ours.words?.length ?? 0, theirs.words?.length ?? 0)
    let here = 0
    for (let at = 0; at < longest; at++) if (ours.words?.[at] !== theirs.words?.[at]) here++
    differences += here === 0 && JSON.stringify(ours) !== JSON.stringify(theirs) ? 1 : here
  }
  return { programs: compared.length, translated, words, differences }
}
