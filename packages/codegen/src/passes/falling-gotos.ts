/**
 * Drops a goto to the block that follows it. Sound: falling through leads there, too; its weight goes to its block.
 */
import { type Insn, isGoto, jumpTarget } from '@bpfoundry/isa'
import type { ControlFlowGraph } from '../control-flow-graph.ts'
import type { Weights } from '../weights.ts'
import { DELETED, type Draft, remove } from './draft.ts'

export function removeFallingGotos({ insns, weights }: Draft, { blocks, range }: ControlFlowGraph): void {
  for (const { last, end } of blocks) {
    const insn = insns[last] as Insn
    if (!isGoto(insn) || insn === DELETED) continue
    const target = jumpTarget(insn, last) as number
    if (target >= end && target < range.end && nothingBetween(insns, weights, end, target)) remove(insns, last)
  }
}

/** What lies between is deleted and weighs nothing, so that it takes no place. */
function nothingBetween(insns: readonly Insn[], weights: Weights, from: number, to: number): boolean {
  for (let pc = from; pc < to; pc++) if (insns[pc] !== DELETED || weights[pc] !== 0) return false
  return true
}
