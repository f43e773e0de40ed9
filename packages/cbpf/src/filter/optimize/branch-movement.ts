import type { Block, Edge } from '../block.ts'
import { OP } from '../opcodes.ts'
import { ATOM_A, ATOM_COUNT, atomBit } from './atoms.ts'
import type { Round } from './round.ts'

/**
 * Lets an edge lead past blocks whose comparison is decided on the way there.
 *
 * @see McCanne and Jacobson, The BSD Packet Filter (1993), on redundant tests; Cytron et al. (1991), on dominators
 */
export function moveBranch(round: Round, edge: Edge): void {
  const { graph, progress } = round
  const successor = edge.to as Block
  if (successor.isReturn) return
  const beyond = successor.onTrue.to as Block
  if (beyond === successor.onFalse.to && !conflicts(round, edge.from, beyond)) {
    progress.simplify()
    edge.to = beyond
  }
  // What is found lets edges be looked at from the first one on again.
  for (let moved = true; moved; ) {
    moved = false
    for (const number of graph.edgeDominators.members(graph.numberOf(edge), graph.edges.length)) {
      const target = decided(round, edge.to as Block, graph.edges[number] as Edge)
      if (target === undefined || conflicts(round, edge.from, target)) continue
      progress.moveBranch()
      edge.to = target
      if (target.isReturn) return
      moved = true
      break
    }
  }
}

/** Blocks behind want a value that the way past does not leave them. */
function conflicts({ graph }: Round, from: Block, to: Block): boolean {
  const used = graph.usedBehind[to.id] as number
  if (used === 0) return false
  const [ours, theirs] = [graph.valuesOf(from), graph.valuesOf(to)]
  for (let atom = 0; atom < ATOM_COUNT; atom++) {
    if ((used & atomBit(atom)) !== 0 && ours[atom] !== theirs[atom]) return true
  }
  return false
}

/** Where a block goes, given that an edge was gone before, whose comparison was about the same value. */
function decided({ graph }: Round, block: Block, gone: Edge): Block | undefined {
  const { from } = gone
  if (block.code !== from.code) return undefined
  if (graph.valuesOf(block)[ATOM_A] !== graph.valuesOf(from)[ATOM_A]) return undefined
  const held = gone === from.onTrue
  if (graph.operandValues[block.id] === graph.operandValues[from.id]) return held ? block.onTrue.to : block.onFalse.to
  // Equal to another constant, it is not equal to this one.
  return held && block.code === OP.JEQ_K ? block.onFalse.to : undefined
}
