import { type ControlFlowGraph, isReachable } from '@bpfoundry/codegen'
import { type AddedBlock, type FlowGraph, rewiredGraph } from './flow-graph.ts'
import { cyclicComponents } from './strong-components.ts'

/** No cycle leads through the block. */
const NONE = -1

/**
 * Makes a graph reducible by dispatch blocks, one for each cyclic part (strongly connected component) that needs it. All
 * ways to a block that is entered by dispatch lead to the part's dispatch; on each way a local is set to say which block
 * is meant. Entered by dispatch are the blocks that are found to have been irreducible loop heads, and those where the
 * part is entered from outside, so that the dispatch is the part's only entry.
 *
 * A part without blocks entered by dispatch stays as it is, and so do loops whose head dominates them still. Each block
 * adds two others at most, where splitting nodes may make a graph grow exponentially.
 *
 * @see Ramsey: Beyond Relooper (ICFP 2022), section 7, for the ways there are
 */
export class Dispatches {
  readonly #cfg: ControlFlowGraph
  /** The part that each block lies in. The function's entry counts as in none: it dominates everything. */
  readonly #partOf: Int32Array
  readonly #parts: readonly (readonly number[])[]
  /** Blocks entered by dispatch, with their labels; none where a part needs no dispatch. */
  readonly #labels: readonly Map<number, number>[]

  constructor(cfg: ControlFlowGraph) {
    this.#cfg = cfg
    const successors = cfg.blocks.map((block) => block.successors)
    this.#parts = cyclicComponents(successors, { blocks: cfg.reversePostorder, without: 0 })
    this.#partOf = new Int32Array(cfg.blocks.length).fill(NONE)
    for (const [part, blocks] of this.#parts.entries()) for (const block of blocks) this.#partOf[block] = part
    this.#labels = this.#parts.map(() => new Map<number, number>())
  }

  /** Has a block entered by dispatch from now on. It lies on a cycle. */
  enter(block: number): void {
    const part = this.#partOf[block] as number
    const labels = this.#labels[part] as Map<number, number>
    if (labels.size === 0) {
      for (const own of this.#parts[part]!) if (this.#isEntered(own, part)) labels.set(own, labels.size)
    }
    if (!labels.has(block)) labels.set(block, labels.size)
  }

  /** True when an edge from outside of the part leads to the block. */
  #isEntered(block: number, part: number): boolean {
    const { predecessors } = this.#cfg.blocks[block]!
    return predecessors.some((from) => isReachable(this.#cfg, from) && this.#partOf[from] !== part)
  }

  /** The graph with its dispatch blocks. */
  graph(): FlowGraph {
    return new Rewiring(this.#cfg, this.#partOf, this.#labels).graph()
  }
}

class Rewiring {
  readonly #cfg: ControlFlowGraph
  readonly #partOf: Int32Array
  readonly #labels: readonly ReadonlyMap<number, number>[]
  readonly #successors: (readonly number[])[]
  readonly #added: AddedBlock[] = []
  readonly #dispatches: readonly number[]
  /** Blocks that set a label, by the block that is meant: for ways from inside of its part, and from outside. */
  readonly #setters = { inside: new Map<number, number>(), outside: new Map<number, number>() }

  constructor(cfg: ControlFlowGraph, partOf: Int32Array, labels: readonly ReadonlyMap<number, number>[]) {
    this.#cfg = cfg
    this.#partOf = partOf
    this.#labels = labels
    this.#successors = cfg.blocks.map(() => [])
    this.#dispatches = labels.map((entries) =>
      entries.size === 0 ? NONE : this.#add({ kind: 'dispatch' }, entries.keys()),
    )
  }

  graph(): FlowGraph {
    for (const from of this.#cfg.reversePostorder) {
      this.#successors[from] = this.#cfg.blocks[from]!.successors.map((to) => this.#leading(from, to))
    }
    return rewiredGraph(this.#cfg, this.#successors, this.#added)
  }

  /** Where the edge leads now. From outside through a block of its own: shared ones would be a second way into the part. */
  #leading(from: number, to: number): number {
    const part = this.#partOf[to] as number
    const label = this.#labels[part]?.get(to)
    if (label === undefined) return to
    const setters = this.#setters[this.#partOf[from] === part ? 'inside' : 'outside']
    const known = setters.get(to)
    if (known !== undefined) return known
    const setter = this.#add({ kind: 'set-label', label }, [this.#dispatches[part] as number])
    setters.set(to, setter)
    return setter
  }

  #add(block: AddedBlock, successors: Iterable<number>): number {
    this.#added.push(block)
    return this.#successors.push([...successors]) - 1
  }
}
