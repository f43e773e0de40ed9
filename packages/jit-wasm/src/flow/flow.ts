import {
  type ControlFlowGraph,
  type DominatorTree,
  dominatorTree,
  type LoopStructure,
  loopStructure,
} from '@bpfoundry/codegen'
import { type FlowGraph, plainGraph } from './flow-graph.ts'
import { Dispatches } from './reducible.ts'

/** A reducible graph, with what structuring asks of it. */
export interface Flow {
  readonly graph: FlowGraph
  readonly dominators: DominatorTree
  /** 1 for blocks that head a loop. */
  readonly isLoopHeader: Uint8Array
}

/**
 * The flow of a function's graph: the graph itself when it is reducible, as those of compilers are, else one made so.
 *
 * That ends: the head of an irreducible loop is a block of the program that is not entered by dispatch, for such a block
 * has but one predecessor, the dispatch, which dominates its part. So each turn adds a block that is.
 */
export function flowOf(cfg: ControlFlowGraph): Flow {
  let flow = analyse(plainGraph(cfg))
  if (flow.irreducibleEdges.length === 0) return flow
  const dispatches = new Dispatches(cfg)
  while (flow.irreducibleEdges.length > 0) {
    for (const { to } of flow.irreducibleEdges) dispatches.enter(to)
    flow = analyse(dispatches.graph())
  }
  return flow
}

function analyse(graph: FlowGraph): Flow & LoopStructure {
  const dominators = dominatorTree(graph)
  return { graph, dominators, ...loopStructure(graph, dominators) }
}
