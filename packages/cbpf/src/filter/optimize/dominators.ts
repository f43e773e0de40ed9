import type { Block, Edge } from '../block.ts'

const NOWHERE = -1

/**
 * Which blocks every way to a block goes through. It is asked for one such block at a time, so that a column of the relation
 * is computed, not the whole of it.
 *
 * As in libpcap it holds for the ways that there were when it was told of them last, and for the order that the blocks had
 * at the start of the round: where branches that moved are not in that order, it is not exact, and results depend on that.
 */
export class Dominators {
  readonly #rootId: number
  readonly #blocks: readonly Block[]
  /** By place in the order: the block's id. */
  readonly #order: Int32Array
  /** By id: where the two ways led to; returns have none. */
  readonly #onTrue: Int32Array
  readonly #onFalse: Int32Array
  readonly #column: Uint8Array
  /** The block that the column is of. */
  #topId = NOWHERE
  #isCurrent = false

  /** @param topDown the blocks that can be reached, in order */
  constructor(root: Block, topDown: readonly Block[], blockCount: number) {
    this.#rootId = root.id
    this.#blocks = topDown
    this.#order = Int32Array.from(topDown, ({ id }) => id)
    this.#onTrue = new Int32Array(blockCount)
    this.#onFalse = new Int32Array(blockCount)
    this.#column = new Uint8Array(blockCount)
    this.#readWays()
  }

  #readWays(): void {
    for (const { id, onTrue, onFalse } of this.#blocks) {
      this.#onTrue[id] = onTrue.to?.id ?? NOWHERE
      this.#onFalse[id] = onFalse.to?.id ?? NOWHERE
    }
  }

  /**
   * Takes note of where all ways lead now.
   *
   * @param changed those that changed since the last time
   */
  update(changed: Iterable<Edge>): void {
    if (this.#isCurrent) for (const edge of changed) this.#readWay(edge)
    else this.#readWays()
    this.#isCurrent = true
    this.#topId = NOWHERE
  }

  #readWay({ from, to }: Edge): void {
    const [onTrue, onFalse] = [from.onTrue.to, from.onFalse.to]
    if (to === onTrue) this.#onTrue[from.id] = onTrue?.id ?? NOWHERE
    if (to === onFalse) this.#onFalse[from.id] = onFalse?.id ?? NOWHERE
  }

  /** Every way to `block` goes through `top`. */
  has(top: Block, block: Block): boolean {
    if (this.#topId !== top.id) this.#compute(top.id)
    return this.#column[block.id] === 1
  }

  #compute(topId: number): void {
    const [column, onTrue, onFalse] = [this.#column.fill(1), this.#onTrue, this.#onFalse]
    column[this.#rootId] = 0
    for (const id of this.#order) {
      if (id === topId) column[id] = 1
      const target = onTrue[id] as number
      if (target === NOWHERE || column[id] === 1) continue
      column[target] = 0
      column[onFalse[id] as number] = 0
    }
    this.#topId = topId
  }
}
