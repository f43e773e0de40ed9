/**
 * Takes out blocks that the entry does not reach. Sound: they never run, and what they weigh never counts.
 *
 * What stays still ends as it did: a block that stays either jumps or goes on to one that stays.
 */
import { type ControlFlowGraph, isReachable } from '../control-flow-graph.ts'
import { DELETED, type Draft } from './draft.ts'

export function removeUnreachable({ insns, weights }: Draft, cfg: ControlFlowGraph): void {
  if (cfg.reversePostorder.length === cfg.blocks.length) return
  for (const block of cfg.blocks) {
    if (isReachable(cfg, block.index)) continue
    insns.fill(DELETED, block.start, block.end)
    weights.fill(0, block.start, block.end)
  }
}
