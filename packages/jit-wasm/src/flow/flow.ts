import { type ControlFlowGraph, type DominatorTree, dominatorTree, loopStructure } from '@bpfoundry/codegen'
import { type FlowGraph, plainGraph } from './flow-graph.ts'
import { makeReducible } from './reducible.ts'

/** A reducible graph, with what structuring asks of it. */
export interface Flow {
  readonly graph: FlowGraph
  readonly dominators: DominatorTree
  /** 1 for blocks that head a loop. */
  readonly isLoopHeader: Uint8Array
}

/** The flow of a function's graph: the graph itself when it is reducible, as those of compilers are, else one made so. */
export function flowOf(cfg: ControlFlowGraph): Flow {
  const plain = analyse(plainGraph(cfg))
  return plain.reducible ? plain : analyse(makeReducible(cfg))
}

function analyse(graph: FlowGraph): Flow & { readonly reducible: boolean } {
  const dominators = dominatorTree(graph)
  const { isLoopHeader, irreducibleEdges } = loopStructure(graph, dominators)
  return { graph, dominators, isLoopHeader, reducible: irreducibleEdges.length === 0 }
}
