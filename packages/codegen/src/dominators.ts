/**
 * Dominators and loops of a control-flow graph. Block a dominates b when every way from the entry to b leads through a.
 *
 * @see Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm (2001)
 */
import { type BasicBlock, type ControlFlowGraph, isReachable } from './control-flow-graph.ts'

/** Who dominates whom. Unreachable blocks dominate nothing and are dominated by nothing. */
export interface DominatorTree {
  /** The closest other block that dominates each; the entry's is itself, an unreachable block's is -1. */
  readonly immediateDominators: Int32Array
  /** Blocks immediately dominated by each, in reverse postorder. */
  readonly children: readonly (readonly number[])[]
  /** True when every way to `b` leads through `a`; a reachable block dominates itself. Constant time. */
  dominates(a: number, b: number): boolean
}

/** The dominator tree of a graph, in a few passes over it. */
export function dominatorTree(cfg: ControlFlowGraph): DominatorTree {
  const immediateDominators = findImmediateDominators(cfg)
  const children: number[][] = cfg.blocks.map(() => [])
  for (const block of cfg.reversePostorder) {
    if (block !== 0) children[immediateDominators[block] as number]!.push(block)
  }
  const { enter, leave } = numberTree(children)
  return {
    immediateDominators,
    children,
    dominates: (a, b) => enter[a]! >= 0 && enter[b]! >= enter[a]! && enter[b]! <= leave[a]!,
  }
}

/**
 * Starts from nothing known and meets the predecessors' dominators until nothing changes. Numbers are places in reverse
 * postorder, where a dominator always comes before what it dominates: that makes the meet a walk upwards.
 */
function findImmediateDominators({ blocks, reversePostorder, orderOf }: ControlFlowGraph): Int32Array {
  const byPlace = new Int32Array(reversePostorder.length).fill(-1)
  byPlace[0] = 0
  const meet = (a: number, b: number): number => {
    while (a !== b) {
      if (a > b) a = byPlace[a] as number
      else b = byPlace[b] as number
    }
    return a
  }
  for (let changed = true; changed; ) {
    changed = false
    for (let place = 1; place < reversePostorder.length; place++) {
      let closest = -1
      for (const from of blocks[reversePostorder[place] as number]!.predecessors) {
        const known = orderOf[from] as number
        if (known < 0 || byPlace[known]! < 0) continue
        closest = closest < 0 ? known : meet(closest, known)
      }
      if (closest !== byPlace[place]) {
        byPlace[place] = closest
        changed = true
      }
    }
  }
  return Int32Array.from(blocks, (_, block) =>
    orderOf[block]! < 0 ? -1 : (reversePostorder[byPlace[orderOf[block]!]!] as number),
  )
}

/** Numbers the tree in preorder: what a block dominates has the numbers from `enter` to `leave`. */
function numberTree(children: readonly (readonly number[])[]): { enter: Int32Array; leave: Int32Array } {
  const enter = new Int32Array(children.length).fill(-1)
  const leave = new Int32Array(children.length).fill(-2)
  const path = [0]
  let next = 0
  while (path.length > 0) {
    const block = path[path.length - 1] as number
    if (enter[block]! < 0) {
      enter[block] = next++
      for (const child of children[block]!) path.push(child)
      continue
    }
    leave[block] = next - 1
    path.pop()
  }
  return { enter, leave }
}

/** From block to block. */
export interface Edge {
  readonly from: number
  readonly to: number
}

/** The loops of a graph, as far as their heads go. */
export interface LoopStructure {
  /** 1 for blocks that head a natural loop: an edge from a block that they dominate leads back to them. */
  readonly isLoopHeader: Uint8Array
  /** Edges back to a loop header. */
  readonly backEdges: readonly Edge[]
  /** Edges back in reverse postorder to a block that does not dominate their origin: loops with two ways in. */
  readonly irreducibleEdges: readonly Edge[]
}

/** Finds back edges and loop headers. A graph is reducible exactly when `irreducibleEdges` is empty. */
export function loopStructure(cfg: ControlFlowGraph, dominators: DominatorTree): LoopStructure {
  const isLoopHeader = new Uint8Array(cfg.blocks.length)
  const backEdges: Edge[] = []
  const irreducibleEdges: Edge[] = []
  for (const edge of retreatingEdges(cfg)) {
    if (dominators.dominates(edge.to, edge.from)) {
      isLoopHeader[edge.to] = 1
      backEdges.push(edge)
    } else irreducibleEdges.push(edge)
  }
  return { isLoopHeader, backEdges, irreducibleEdges }
}

/** How many natural loops each block lies in. */
export function loopDepths(cfg: ControlFlowGraph, { backEdges }: LoopStructure): Uint8Array {
  const depths = new Uint8Array(cfg.blocks.length)
  for (const header of new Set(backEdges.map(({ to }) => to))) {
    const latches = backEdges.filter(({ to }) => to === header).map(({ from }) => from)
    for (const block of loopBody(cfg, header, latches)) depths[block]!++
  }
  return depths
}

/** The blocks of a natural loop: its header, and what leads to a latch without passing it. */
function loopBody(cfg: ControlFlowGraph, header: number, latches: readonly number[]): ReadonlySet<number> {
  const body = new Set([header, ...latches])
  // A set is walked in the order of insertion, those inserted meanwhile included.
  for (const block of body) {
    if (block === header) continue
    for (const from of cfg.blocks[block]!.predecessors) if (isReachable(cfg, from)) body.add(from)
  }
  return body
}

/** Edges that do not lead forwards in reverse postorder, each pair of blocks once. */
function retreatingEdges({ blocks, reversePostorder, orderOf }: ControlFlowGraph): Edge[] {
  const edges: Edge[] = []
  for (const from of reversePostorder) {
    const { successors } = blocks[from] as BasicBlock
    for (const [place, to] of successors.entries()) {
      if (orderOf[to]! <= orderOf[from]! && successors.indexOf(to) === place) edges.push({ from, to })
    }
  }
  return edges
}

/** Blocks where two or more forward edges meet: what a structured target must open a scope for. */
export function mergeBlocks(cfg: ControlFlowGraph): Uint8Array {
  const merges = new Uint8Array(cfg.blocks.length)
  for (const block of cfg.reversePostorder) {
    const { predecessors } = cfg.blocks[block] as BasicBlock
    const forward = predecessors.filter((from) => isReachable(cfg, from) && cfg.orderOf[from]! < cfg.orderOf[block]!)
    merges[block] = forward.length > 1 ? 1 : 0
  }
  return merges
}
