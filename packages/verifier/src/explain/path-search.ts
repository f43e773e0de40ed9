/**
 * The way of fewest instructions to a refusal: all paths are followed at once, an instruction of each in turn, so that the
 * first to get there is a shortest. A path ends where an earlier one has been with a state that covers its own, for what
 * lies ahead of it lies no farther ahead of that one. Nothing is ignored in that comparison, no number either: unlike the
 * exploration, the search asks for the way, not for the verdict.
 */
import { comparisonScope } from '../exploration/checkpoints.ts'
import { runInsn } from '../exploration/exploration.ts'
import { coversState } from '../exploration/state-comparison.ts'
import { Refusal } from '../report/refusal.ts'
import type { PathState } from '../state/path-state.ts'
import type { Verification } from '../verification.ts'

/** One instruction on a path, with those before it. Paths share their beginnings. */
export interface Trail {
  readonly pc: number
  /** Which of the ways from here: 0 where the path went on, n for the nth that the instruction put aside. */
  readonly way: number
  readonly before: Trail | undefined
}

/** A refusal to look for: two are the same where instruction and code are. */
export interface WantedRefusal {
  readonly pc: number
  readonly code: string
}

/** What a search found. */
export interface PathSearch {
  /** Ends with the refused instruction; absent where no path was found. */
  readonly trail?: Trail
  /** Instructions followed. */
  readonly followed: number
  /** The bound ended it. */
  readonly isCut: boolean
}

/** Instructions to be followed, all paths together. */
const MOST_FOLLOWED = 100_000

interface OpenPath {
  readonly state: PathState
  readonly pc: number
  readonly previousPc: number
  readonly trail: Trail | undefined
}

/** Searches from where `v` stands, which is of no use for anything else afterwards. */
export function searchPath(v: Verification, wanted: WantedRefusal, mostFollowed: number = MOST_FOLLOWED): PathSearch {
  const known: (PathState[] | undefined)[] = []
  let open: OpenPath[] = [{ state: v.state, pc: v.pc, previousPc: v.previousPc, trail: undefined }]
  let followed = 0
  while (open.length > 0) {
    const next: OpenPath[] = []
    for (const path of open) {
      if (followed === mostFollowed) return { followed, isCut: true }
      followed++
      takeUp(v, path)
      if (isKnown(v, known)) continue
      const refusal = follow(v, path, next)
      if (refusal?.pc === wanted.pc && refusal.code === wanted.code) {
        return { trail: { pc: path.pc, way: 0, before: path.trail }, followed, isCut: false }
      }
    }
    open = next
  }
  return { followed, isCut: false }
}

function takeUp(v: Verification, { state, pc, previousPc }: Omit<OpenPath, 'trail'>): void {
  v.enter(state)
  v.pc = pc
  v.previousPc = previousPc
}

/** An earlier path has been here with as much; else the state is kept. */
function isKnown(v: Verification, known: (PathState[] | undefined)[]): boolean {
  if (v.notes.prunePoints[v.pc] !== 1) return false
  const scope = comparisonScope(v, true)
  const states = known[v.pc] ?? []
  if (states.some((state) => coversState(state, v.state, scope))) return true
  states.push(v.state.copy())
  known[v.pc] = states
  return false
}

/** Runs one instruction; every way on from it is another open path. */
function follow(v: Verification, { pc, trail: before }: OpenPath, next: OpenPath[]): Refusal | undefined {
  try {
    const step = runInsn(v)
    if (step === 'on') {
      next.push({ state: v.state, pc: v.pc, previousPc: v.previousPc, trail: { pc, way: 0, before } })
    }
    v.pending.forEach((path, index) => {
      next.push({ ...path, trail: { pc, way: index + 1, before } })
    })
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error
  } finally {
    v.pending.length = 0
  }
}

/** The instructions of a trail, the first one first. */
export function trailSteps(trail: Trail): readonly Omit<Trail, 'before'>[] {
  const steps: Omit<Trail, 'before'>[] = []
  for (let at: Trail | undefined = trail; at !== undefined; at = at.before) steps.push({ pc: at.pc, way: at.way })
  return steps.reverse()
}

/** Runs along a trail once more; `seen` is called after each instruction but the refused one. */
export function walkTrail(v: Verification, trail: Trail, before: () => void, after: (pc: number) => void): void {
  for (const { pc, way } of trailSteps(trail).slice(0, -1)) {
    before()
    runInsn(v)
    const path = way === 0 ? undefined : v.pending[way - 1]
    if (path !== undefined) takeUp(v, path)
    v.pending.length = 0
    after(pc)
  }
}
