import type { FlowGraph } from './flow-graph.ts'
import type { Progress } from './progress.ts'
import type { ValueNumbers } from './value-numbers.ts'

/** One round over all blocks. */
export interface Round {
  readonly graph: FlowGraph
  readonly numbers: ValueNumbers
  readonly progress: Progress
  /** Statements are changed; otherwise they only tell their values, and branches move. */
  readonly altersStatements: boolean
  /** The error for an expression that turns out to mean nothing. */
  readonly refuse: (message: string) => Error
}
