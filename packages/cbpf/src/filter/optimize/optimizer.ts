import { BPF_CLASS } from '@bpfoundry/isa'
import type { Block } from '../block.ts'
import { OP } from '../opcodes.ts'
import { optimizeBlock } from './block-pass.ts'
import { moveBranch } from './branch-movement.ts'
import { Dominators } from './dominators.ts'
import { FlowGraph } from './flow-graph.ts'
import { Progress } from './progress.ts'
import { pullUpAnd, pullUpOr } from './pull-up.ts'
import type { Round } from './round.ts'
import { shareBlocks } from './shared-blocks.ts'
import { ValueNumbers } from './value-numbers.ts'

/** Rounds in a row that only move branches: they might go on for ever. */
const MAX_IDLE_ROUNDS = 100
/** Of all rounds, for the same reason; none of thousands of filters took a hundred. */
const MAX_ROUNDS = 1000

/**
 * Makes a filter shorter: first branches are moved past comparisons that are decided, then statements are simplified. The
 * blocks are changed.
 *
 * @param refuse the error for what turns out to divide by 0, or to shift too far
 * @returns the new first block
 * @see McCanne and Jacobson, The BSD Packet Filter (1993)
 */
export function optimize(root: Block, refuse: (message: string) => Error): Block {
  const graph = new FlowGraph(root)
  repeatRounds(graph, root, false, refuse)
  repeatRounds(graph, root, true, refuse)
  shareBlocks(graph.blocks, root)
  return skipDecided(root)
}

function repeatRounds(
  graph: FlowGraph,
  root: Block,
  altersStatements: boolean,
  refuse: (message: string) => Error,
): void {
  let idle = 0
  for (let round = 0; round < MAX_ROUNDS && idle < MAX_IDLE_ROUNDS; round++) {
    const progress = new Progress()
    graph.analyse(root)
    optimizeBlocks({ graph, numbers: new ValueNumbers(), progress, altersStatements, refuse }, root)
    if (!progress.changed) return
    idle = progress.simplified ? 0 : idle + 1
  }
}

function optimizeBlocks(round: Round, root: Block): void {
  const { graph } = round
  const dominators = new Dominators(root, graph.topDown, graph.blocks.length)
  graph.findEdgesTo()
  for (const block of graph.topDown) optimizeBlock(round, block)
  if (round.altersStatements) return
  for (const { onTrue, onFalse } of graph.bottomUp()) {
    moveBranch(round, onTrue)
    moveBranch(round, onFalse)
  }
  graph.findEdgesTo()
  for (const block of graph.bottomUp()) {
    pullUpOr(round, block, dominators)
    pullUpAnd(round, block, dominators)
  }
}

/** Both ways of the first blocks may lead to the same place; their statements may be needed all the same. */
function skipDecided(root: Block): Block {
  let block = root
  while (BPF_CLASS(block.code) === BPF_CLASS(OP.JEQ_K) && block.onTrue.to === block.onFalse.to)
    block = block.onTrue.to as Block
  if (block !== root) block.statements = [...root.statements, ...block.statements]
  if (BPF_CLASS(block.code) === BPF_CLASS(OP.RET_K)) block.statements = []
  return block
}
