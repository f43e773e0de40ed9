import type { Insn } from '@bpfoundry/isa'
import { insnSlots } from '@bpfoundry/isa'
import type { FunctionFacts, ProgramFacts } from './program-facts.ts'

/**
 * How many instructions are to be counted at each slot: 0 but at the begin of a stretch that runs as a whole. That is a
 * block, or the part of one behind a call of a helper: a helper may end the run, with those before it executed.
 */
export function insnCounts(insns: readonly Insn[], facts: ProgramFacts): Uint32Array {
  const counts = new Uint32Array(insns.length)
  for (const { cfg, hidden } of facts.functions) {
    if (hidden) continue
    for (const { start, end } of cfg.blocks) countBlock(insns, facts, start, end, counts)
  }
  return counts
}

function countBlock(insns: readonly Insn[], { rows }: ProgramFacts, start: number, end: number, to: Uint32Array): void {
  let first = start
  for (let pc = start; pc < end; ) {
    to[first]! += 1
    const row = rows[pc]
    pc += insnSlots(insns[pc]!)
    if (row?.kind === 'call' && row.operation !== 'subprog') first = pc
  }
}

/** True when the entry's first block runs once: it begins the count. */
export function startsOnce({ cfg, called }: FunctionFacts): boolean {
  return !called && cfg.blocks[0]!.predecessors.length === 0
}
