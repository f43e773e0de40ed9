import type { PreparedProgram } from '../prepared-program.ts'
import type { FunctionFacts, ProgramFacts } from './program-facts.ts'

/**
 * How many instructions are to be counted at each slot: 0 but at the begin of a stretch that runs as a whole. That is a
 * block, or the part of one behind a call of a helper: a helper may end the run, with those before it executed.
 */
export function insnCounts(program: PreparedProgram, facts: ProgramFacts): Uint32Array {
  const counts = new Uint32Array(program.insns.length)
  for (const { cfg, hidden } of facts.functions) {
    if (hidden && program.weights === undefined) continue
    for (const { start, end } of cfg.blocks) countBlock(program.weights, facts, start, end, counts)
  }
  return counts
}

function countBlock(
  weights: Uint32Array | undefined,
  { rows }: ProgramFacts,
  start: number,
  end: number,
  to: Uint32Array,
): void {
  let first = start
  for (let pc = start; pc < end; pc++) {
    const row = rows[pc]
    if (row === undefined) continue
    to[first]! += weights === undefined ? 1 : weights[pc]!
    if (row.kind === 'call' && row.operation !== 'subprog') first = pc + 1
  }
}

/** True when the entry's first block runs once: it begins the count. */
export function startsOnce({ cfg, called }: FunctionFacts): boolean {
  return !called && cfg.blocks[0]!.predecessors.length === 0
}
