import type { InlinedProgram, Subprogram } from '@bpfoundry/engine'
import type { Routine } from './routine.ts'
import { NOTHING_KNOWN, Slice } from './slice.ts'

/** A subprogram that is made for scouting. */
export interface ScoutFunction {
  readonly name: string
  /** Calls of other scout functions are open. */
  readonly routine: Routine
}

/** What runs ahead of a program, for each packet of a poll: the function of its name, and what that calls. */
export interface Scout {
  readonly name: string
  readonly functions: readonly ScoutFunction[]
}

/** Ranks at which memory is touched, a pass over the packets each: what a key leads to, and what that leads to. */
const PASSES = [1, 2] as const

/**
 * Scouts of a program, in the order in which they run; none for a program that does not begin with a look-up in a map.
 *
 * A look-up in a large table waits for memory, and what a program does with the element (`lock add`) often keeps the
 * processor from going on with the next packet meanwhile. So before the programs of a poll run, scouts touch the cache
 * lines that their first look-ups will need: first the chains' heads of all packets, then the elements. These loads
 * depend on nothing but their own packet, so that the processor has many of them under way at once.
 */
export function scoutsOf(program: InlinedProgram): readonly Scout[] {
  const entry = program.subprograms[0] as Subprogram
  return PASSES.flatMap((rank) => {
    const slice = new Slice({ program, rank, name: `scout ${rank}` }, entry, NOTHING_KNOWN)
    // A second pass is for what most packets go to, not for the rest of a table whose first line holds most answers.
    if (!slice.touches || (rank > 1 && slice.answers)) return []
    const functions = slice.functions.map((one) => ({ name: one.name, routine: one.routine() }))
    return [{ name: slice.name, functions }]
  })
}
