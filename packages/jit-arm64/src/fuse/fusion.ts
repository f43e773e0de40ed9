import type { Emission } from '../emission.ts'

/**
 * Writes the code of the instruction at `pc` and some behind it where that is shorter than one by one. Nothing jumps to
 * those behind it within `end`.
 *
 * @returns the slot behind the last one covered; `pc`, with nothing written, when it does not apply
 */
export type Fusion = (e: Emission, pc: number, end: number) => number
