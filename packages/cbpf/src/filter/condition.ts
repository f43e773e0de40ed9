import { Block, type Edge, type Statement } from './block.ts'

/**
 * A part of the expression as blocks whose ways out are open: where they lead to is known once it is known what stands
 * around it (backpatching).
 */
export interface Condition {
  readonly head: Block
  readonly whenTrue: Edge[]
  readonly whenFalse: Edge[]
}

/** One comparison behind its statements. */
export function comparison(code: number, k: number, statements: Statement[]): Condition {
  const block = new Block(code, k, statements)
  return { head: block, whenTrue: [block.onTrue], whenFalse: [block.onFalse] }
}

export function not({ head, whenTrue, whenFalse }: Condition): Condition {
  return { head, whenTrue: whenFalse, whenFalse: whenTrue }
}

/** `first`, and if that holds `second`. */
export function and(first: Condition, second: Condition): Condition {
  connect(first.whenTrue, second.head)
  return { head: first.head, whenTrue: second.whenTrue, whenFalse: joined(first.whenFalse, second.whenFalse) }
}

/** `first`, and if that does not hold `second`. */
export function or(first: Condition, second: Condition): Condition {
  connect(first.whenFalse, second.head)
  return { head: first.head, whenTrue: joined(first.whenTrue, second.whenTrue), whenFalse: second.whenFalse }
}

export function connect(edges: readonly Edge[], to: Block): void {
  for (const edge of edges) edge.to = to
}

/** The longer list takes the shorter one: chains of thousands of terms stay linear. */
function joined(one: Edge[], other: Edge[]): Edge[] {
  const [longer, shorter] = one.length < other.length ? [other, one] : [one, other]
  for (const edge of shorter) longer.push(edge)
  return longer
}
