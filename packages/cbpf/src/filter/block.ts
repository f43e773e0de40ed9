/** The code of a statement that the optimizer has taken out. */
export const NOP = -1

/** One instruction inside of a block. Statements change while they are optimized. */
export class Statement {
  code: number
  /** Unsigned. */
  k: number
  /** Where a comparison inside of a block goes; only header chains have such. */
  targets: { onTrue: Statement; onFalse: Statement } | undefined
  /** Where a jump inside of a block goes, back or forth. */
  target: Statement | undefined

  constructor(code: number, k: number = 0) {
    this.code = code
    this.k = k >>> 0
    this.targets = undefined
    this.target = undefined
  }
}

/** A way out of a block. */
export class Edge {
  readonly from: Block
  /** Undefined until it is known, and for good where the block returns. */
  to: Block | undefined

  constructor(from: Block) {
    this.from = from
    this.to = undefined
  }
}

/**
 * Statements without jumps, and a comparison or return behind them: a node of the control flow graph.
 *
 * @see McCanne and Jacobson, The BSD Packet Filter (1993), section 3.3
 */
export class Block {
  statements: Statement[]
  /** Of the comparison or the return. */
  code: number
  k: number
  readonly onTrue: Edge
  readonly onFalse: Edge
  /** The place in what lists blocks; given by the optimizer. */
  id: number

  constructor(code: number, k: number, statements: Statement[] = []) {
    this.code = code
    this.k = k >>> 0
    this.statements = statements
    this.onTrue = new Edge(this)
    this.onFalse = new Edge(this)
    this.id = -1
  }

  get isReturn(): boolean {
    return this.onTrue.to === undefined
  }
}
