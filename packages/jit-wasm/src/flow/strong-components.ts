/** The part of a graph that is looked at: some blocks, without the edges into one of them. */
export interface GraphPart {
  readonly blocks: readonly number[]
  /** Edges that lead here don't count. */
  readonly without: number
}

/**
 * Strongly connected components of a part of a graph that hold a cycle, each as its blocks. No recursion: a program may
 * be a chain of a million blocks.
 *
 * @see Tarjan: Depth-First Search and Linear Graph Algorithms (1972)
 */
export function cyclicComponents(successors: readonly (readonly number[])[], part: GraphPart): number[][] {
  const search = new Search(successors, part)
  for (const block of part.blocks) if (!search.visited(block)) search.visit(block)
  return search.components
}

const UNSEEN = -1

class Search {
  readonly components: number[][] = []
  readonly #successors: readonly (readonly number[])[]
  readonly #without: number
  readonly #inside: Uint8Array
  readonly #number: Int32Array
  readonly #lowest: Int32Array
  readonly #taken: Int32Array
  readonly #open: number[] = []
  readonly #isOpen: Uint8Array
  #next = 0

  constructor(successors: readonly (readonly number[])[], part: GraphPart) {
    const count = successors.length
    this.#successors = successors
    this.#without = part.without
    this.#inside = new Uint8Array(count)
    this.#number = new Int32Array(count).fill(UNSEEN)
    this.#lowest = new Int32Array(count)
    this.#taken = new Int32Array(count)
    this.#isOpen = new Uint8Array(count)
    for (const block of part.blocks) this.#inside[block] = 1
  }

  visited(block: number): boolean {
    return this.#number[block] !== UNSEEN
  }

  visit(root: number): void {
    const path = [root]
    this.#enter(root)
    while (path.length > 0) {
      const block = path.at(-1) as number
      const next = this.#successors[block]?.[this.#taken[block]!++]
      if (next === undefined) {
        path.pop()
        this.#leave(block, path.at(-1))
      } else if (next === this.#without || this.#inside[next] === 0) continue
      else if (!this.visited(next)) {
        path.push(next)
        this.#enter(next)
      } else if (this.#isOpen[next] === 1) this.#lower(block, this.#number[next] as number)
    }
  }

  #enter(block: number): void {
    this.#number[block] = this.#lowest[block] = this.#next++
    this.#open.push(block)
    this.#isOpen[block] = 1
  }

  /** A block whose successors are all visited: closes its component, or tells its parent how far up it leads. */
  #leave(block: number, parent: number | undefined): void {
    if (this.#lowest[block] === this.#number[block]) this.#close(block)
    if (parent !== undefined) this.#lower(parent, this.#lowest[block] as number)
  }

  #lower(block: number, to: number): void {
    if (to < this.#lowest[block]!) this.#lowest[block] = to
  }

  #close(root: number): void {
    const component = this.#open.splice(this.#open.lastIndexOf(root))
    for (const block of component) this.#isOpen[block] = 0
    const cyclic = component.length > 1 || (root !== this.#without && this.#successors[root]!.includes(root))
    if (cyclic) this.components.push(component)
  }
}
