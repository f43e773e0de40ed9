import type { Block, Edge } from '../block.ts'
import { ATOM_A } from './atoms.ts'
import type { Dominators } from './dominators.ts'
import type { Round } from './round.ts'

/** The way on which a chain of tests goes on, and the one on which it is left. */
interface ChainKind {
  readonly onward: (block: Block) => Edge
  readonly away: (block: Block) => Edge
}

const AND_CHAIN: ChainKind = { onward: ({ onTrue }) => onTrue, away: ({ onFalse }) => onFalse }
const OR_CHAIN: ChainKind = { onward: ({ onFalse }) => onFalse, away: ({ onTrue }) => onTrue }

/**
 * In a chain of tests that leave it for the same block, brings together those of the same value: a test of the value that A
 * has before `block` moves up in front of those of other values.
 */
export function pullUpOr(round: Round, block: Block, dominators: Dominators): void {
  pullUp(round, block, dominators, OR_CHAIN)
}

export function pullUpAnd(round: Round, block: Block, dominators: Dominators): void {
  pullUp(round, block, dominators, AND_CHAIN)
}

function pullUp(round: Round, block: Block, dominators: Dominators, kind: ChainKind): void {
  const { graph, progress } = round
  const edges = graph.edgesTo(block)
  const [first] = edges
  if (first === undefined) return
  const value = graph.valuesOf(first.from)[ATOM_A] as number
  if (edges.some(({ from }) => graph.valuesOf(from)[ATOM_A] !== value)) return
  const start = edgeBetween(first.from, block)
  const leads = (found: Block): boolean => dominators.has(block, found)
  const other = findInChain(round, block, kind, start, leads, (a) => a !== value)
  if (other === undefined) return
  const same = findInChain(round, block, kind, kind.onward(other.to as Block), leads, (a) => a === value)
  if (same === undefined) return
  const pulled = same.to as Block
  const onward = kind.onward(pulled)
  same.to = onward.to
  onward.to = other.to
  const entries = other === start ? redirected(edges, block, pulled) : [other]
  other.to = pulled
  progress.moveBranch()
  dominators.update([same, onward, ...entries])
}

/** All ways to a block, both of one that has two, lead to another one. */
function redirected(edges: readonly Edge[], block: Block, to: Block): Edge[] {
  return edges.map(({ from }) => {
    const edge = edgeBetween(from, block)
    edge.to = to
    return edge
  })
}

const edgeBetween = ({ onTrue, onFalse }: Block, to: Block): Edge => (onTrue.to === to ? onTrue : onFalse)

/** The edge in the chain to the first block whose value of A is wanted; undefined where the chain ends before. */
function findInChain(
  { graph }: Round,
  top: Block,
  { onward, away }: ChainKind,
  start: Edge,
  leads: (found: Block) => boolean,
  isWanted: (a: number) => boolean,
): Edge | undefined {
  for (let edge = start; ; edge = onward(edge.to as Block)) {
    const block = edge.to
    if (block === undefined || block.isReturn) return undefined
    if (away(block).to !== away(top).to) return undefined
    if (!leads(block)) return undefined
    if (isWanted(graph.valuesOf(block)[ATOM_A] as number)) return edge
  }
}
