import { OBJECT_OUTCOMES, type ObjectOutcome, type TreeVerdict } from './compare-verdicts.ts'
import type { TreeObject } from './tree-objects.ts'

/** Programs of one outcome that share a cause. */
export interface TreeCause {
  readonly outcome: ObjectOutcome
  readonly cause: string
  readonly programs: number
  /** `file.c:program` of the first. */
  readonly example: string
}

/** What a tree's objects come to. */
export interface TreeTally {
  readonly files: number
  readonly compiled: number
  readonly read: number
  readonly programs: number
  readonly outcomes: Readonly<Record<ObjectOutcome, number>>
  /** Most programs first. */
  readonly causes: readonly TreeCause[]
  /** Files that are none of the above. */
  readonly problems: readonly { readonly file: string; readonly step: string; readonly message: string }[]
}

/** Counts files and programs as they come. */
export class TreeCounter {
  #files = 0
  #compiled = 0
  #read = 0
  #programs = 0
  readonly #outcomes = new Map<ObjectOutcome, number>()
  readonly #causes = new Map<string, { outcome: ObjectOutcome; cause: string; programs: number; example: string }>()
  readonly #problems: { file: string; step: string; message: string }[] = []

  addObject({ file, problem }: TreeObject): void {
    this.#files++
    if (problem?.step !== 'compile') this.#compiled++
    if (problem === undefined) this.#read++
    else this.#problems.push({ file, ...problem })
  }

  addVerdict({ file, program, outcome, cause }: TreeVerdict): void {
    this.#programs++
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
    if (cause === undefined) return
    const key = `${outcome} ${cause}`
    const example = `${file.replace(/^.*\//, '')}:${program}`
    const known = this.#causes.get(key) ?? { outcome, cause, programs: 0, example }
    known.programs++
    this.#causes.set(key, known)
  }

  tally(): TreeTally {
    const count = (outcome: ObjectOutcome): number => this.#outcomes.get(outcome) ?? 0
    return {
      files: this.#files,
      compiled: this.#compiled,
      read: this.#read,
      programs: this.#programs,
      outcomes: Object.fromEntries(OBJECT_OUTCOMES.map((outcome) => [outcome, count(outcome)])) as Record<
        ObjectOutcome,
        number
      >,
      causes: [...this.#causes.values()].sort((a, b) => b.programs - a.programs),
      problems: this.#problems,
    }
  }
}
