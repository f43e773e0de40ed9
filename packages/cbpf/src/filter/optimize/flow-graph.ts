import type { Block, Edge } from '../block.ts'
import { postOrder, preOrder } from '../traversal.ts'
import { ATOM_COUNT, type AtomSet, atomBit, atomDefined, atomsUsed } from './atoms.ts'
import { BitSets } from './bit-sets.ts'

/**
 * The control flow graph while it is optimized: what holds of blocks and edges, by their numbers. The blocks are those that
 * could be reached at first; later some can't any more, and keep their numbers.
 *
 * Edges are numbered as blocks are, those for true before those for false.
 */
export class FlowGraph {
  readonly blocks: readonly Block[]
  readonly edges: readonly Edge[]
  readonly #numbers: ReadonlyMap<Edge, number>
  /** Blocks by the longest way to a return, returns first; within a level the one found last first. */
  levels: readonly (readonly Block[])[] = []
  /** Blocks from the root to the returns, by level. */
  topDown: readonly Block[] = []
  /** By edge: all edges that every way to it goes through. */
  readonly edgeDominators: BitSets
  /** By block: the edges to it, the one found last first. */
  readonly #edgesTo: Edge[][]
  /** By block: what blocks behind it read before they write it. */
  readonly usedBehind: AtomSet[]
  /** By block: values of all atoms at its end. */
  readonly values: readonly Int32Array[]
  /** By block: the value of what its comparison compares A with. */
  readonly operandValues: Int32Array

  constructor(root: Block) {
    const blocks = preOrder(root)
    blocks.forEach((block, id) => {
      block.id = id
    })
    this.blocks = blocks
    this.edges = [...blocks.map(({ onTrue }) => onTrue), ...blocks.map(({ onFalse }) => onFalse)]
    this.#numbers = new Map(this.edges.map((edge, number) => [edge, number]))
    this.edgeDominators = new BitSets(this.edges.length, this.edges.length)
    this.#edgesTo = blocks.map(() => [])
    this.usedBehind = blocks.map(() => 0)
    this.values = blocks.map(() => new Int32Array(ATOM_COUNT))
    this.operandValues = new Int32Array(blocks.length)
  }

  edgesTo(block: Block): readonly Edge[] {
    return this.#edgesTo[block.id] as Edge[]
  }

  valuesOf(block: Block): Int32Array {
    return this.values[block.id] as Int32Array
  }

  numberOf(edge: Edge): number {
    return this.#numbers.get(edge) as number
  }

  /** Everything that follows from where edges lead and what statements do. */
  analyse(root: Block): void {
    this.#findLevels(root)
    this.#findUses()
    this.#findEdgeDominators(root)
  }

  #findLevels(root: Block): void {
    const levelOf = new Int32Array(this.blocks.length)
    const levels: Block[][] = []
    for (const block of postOrder(root, true)) {
      const { onTrue, onFalse } = block
      const level =
        onTrue.to === undefined
          ? 0
          : 1 + Math.max(levelOf[onTrue.to.id] as number, levelOf[(onFalse.to as Block).id] as number)
      levelOf[block.id] = level
      levels[level] ??= []
      levels[level].push(block)
    }
    this.levels = levels.map((blocks) => blocks.toReversed())
    this.topDown = this.levels.toReversed().flat()
  }

  /** From those before the returns to the root. */
  bottomUp(): readonly Block[] {
    return this.levels.slice(1).flat()
  }

  #findEdgeDominators(root: Block): void {
    const { edgeDominators } = this
    edgeDominators.fill()
    for (const edge of [root.onTrue, root.onFalse]) edgeDominators.clear(this.numberOf(edge))
    for (const { onTrue, onFalse } of this.topDown) {
      for (const edge of [onTrue, onFalse]) {
        const number = this.numberOf(edge)
        edgeDominators.add(number, number)
        if (edge.to === undefined) continue
        edgeDominators.intersect(this.numberOf(edge.to.onTrue), number)
        edgeDominators.intersect(this.numberOf(edge.to.onFalse), number)
      }
    }
  }

  /** Live variables: a block uses what blocks behind it do, but for what it writes first. */
  #findUses(): void {
    const usedIn = new Int32Array(this.blocks.length)
    for (const level of this.levels) {
      for (const block of level) {
        const { id, onTrue, onFalse } = block
        const behind =
          onTrue.to === undefined ? 0 : (usedIn[onTrue.to.id] as number) | (usedIn[(onFalse.to as Block).id] as number)
        const { used, written } = localUses(block)
        this.usedBehind[id] = behind
        usedIn[id] = used | (behind & ~written)
      }
    }
  }

  /** Edges between blocks that can be reached. */
  findEdgesTo(): void {
    for (const edges of this.#edgesTo) edges.length = 0
    for (const { onTrue, onFalse } of this.topDown) {
      if (onTrue.to === undefined) continue
      this.#edgesTo[onTrue.to.id]?.push(onTrue)
      this.#edgesTo[(onFalse.to as Block).id]?.push(onFalse)
    }
    for (const edges of this.#edgesTo) edges.reverse()
  }
}

/** What a block reads before it writes it, and what it writes before it reads it. */
function localUses(block: Block): { readonly used: AtomSet; readonly written: AtomSet } {
  let [used, defined, written] = [0, 0, 0]
  for (const statement of block.statements) {
    used |= atomsUsed(statement) & ~defined
    const atom = atomDefined(statement)
    if (atom === undefined) continue
    if ((used & atomBit(atom)) === 0) written |= atomBit(atom)
    defined |= atomBit(atom)
  }
  if (!block.isReturn) used |= atomsUsed(block) & ~defined
  return { used, written }
}
