import type { InstructionName } from '@bpfoundry/isa'
import type { Emitter } from '../emitter.ts'

/**
 * Writes the code of the instruction at `pc` and some behind it, up to slot `end` of their block, where that is shorter
 * than one by one. Registers that no later instruction reads need not be as they would.
 *
 * @returns the slot behind the last one covered; `pc`, with nothing written, when it does not apply
 */
export type Fusion = (e: Emitter, pc: number, end: number) => number

/** Name of the instruction at a slot, undefined at the block's end. */
export function nameAt(e: Emitter, pc: number, end: number): InstructionName | undefined {
  return pc < end ? e.job.facts.rows[pc]?.name : undefined
}
