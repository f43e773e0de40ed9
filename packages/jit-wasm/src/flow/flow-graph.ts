/**
 * The flow of one function as the structuring sees it: a codegen graph whose blocks are the program's, and, where the
 * program's own graph is irreducible, blocks behind them that were added to make it reducible.
 */
import type { BasicBlock, ControlFlowGraph } from '@bpfoundry/codegen'

/** A block that holds no instructions of the program. */
export type AddedBlock =
  /** Goes on at the successor whose number the label local holds. */
  | { readonly kind: 'dispatch' }
  /** Sets the label local, then goes to its dispatch. */
  | { readonly kind: 'set-label'; readonly label: number }

export interface FlowGraph extends ControlFlowGraph {
  /** By block index less {@link ownBlocks}. */
  readonly added: readonly AddedBlock[]
  /** How many blocks are the program's own; added ones follow. */
  readonly ownBlocks: number
}

/** The graph as it is. */
export function plainGraph(cfg: ControlFlowGraph): FlowGraph {
  return { ...cfg, added: [], ownBlocks: cfg.blocks.length }
}

/** A graph of other edges, and of blocks that are added to a program's. */
export function rewiredGraph(
  cfg: ControlFlowGraph,
  successors: readonly (readonly number[])[],
  added: readonly AddedBlock[],
): FlowGraph {
  const predecessors: number[][] = successors.map(() => [])
  for (const [from, list] of successors.entries()) for (const to of list) predecessors[to]!.push(from)
  const blocks = successors.map((list, index): BasicBlock => {
    const own = cfg.blocks[index] ?? { start: 0, end: 0, last: 0 }
    return { ...own, index, successors: list, predecessors: predecessors[index] as number[] }
  })
  const reversePostorder = orderOfVisit(successors)
  const orderOf = new Int32Array(blocks.length).fill(-1)
  for (const [place, block] of reversePostorder.entries()) orderOf[block] = place
  const { range, blockOf } = cfg
  return { range, blocks, blockOf, reversePostorder, orderOf, added, ownBlocks: cfg.blocks.length }
}

/** Reverse postorder from block 0, without recursion. */
function orderOfVisit(successors: readonly (readonly number[])[]): number[] {
  const seen = new Uint8Array(successors.length)
  const taken = new Int32Array(successors.length)
  const postorder: number[] = []
  const path = [0]
  seen[0] = 1
  while (path.length > 0) {
    const block = path.at(-1) as number
    const next = successors[block]?.[taken[block]!++]
    if (next === undefined) {
      postorder.push(block)
      path.pop()
    } else if (seen[next] === 0) {
      seen[next] = 1
      path.push(next)
    }
  }
  return postorder.reverse()
}
