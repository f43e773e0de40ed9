/**
 * Constants that loops need, kept in registers: blinding makes each where it is used, in two instructions more, and in a
 * short loop that is felt. Registers that a subprogram never names can hold some from its beginning on.
 *
 * Sound: nothing in the subprogram reads or writes such a register. Behind its exit r6 to r9 are the caller's again,
 * and r1 to r5 are nobody's. While others run, r6 to r9 stay; helpers and subprograms may see r1 to r5, and a program
 * that is called by tail call sees all: so r1 to r5 are taken only where nothing is called, none where a tail call is.
 */
import { type Insn, type InstructionRow, insnSlots, lookupInsn } from '@bpfoundry/isa'
import type { ControlFlowGraph } from './control-flow-graph.ts'
import { dominatorTree, loopDepths, loopStructure } from './dominators.ts'
import { readBy, writtenBy } from './liveness.ts'

/** Register by immediate, which it holds sign-extended to 64 bits. */
export type KeptConstants = ReadonlyMap<number, number>

const NONE: KeptConstants = new Map()
/** In the order they are taken: those that native back ends need not save come first. */
const CANDIDATES: readonly number[] = [5, 4, 3, 2, 1, 9, 8, 7, 6]
/** A use in a loop counts as this many outside of it. */
const TURNS = 8

/**
 * The constants to keep in one subprogram: those used most in its loops, innermost above all.
 *
 * @param counts whether the instruction's immediate is a constant that may come from a register
 */
export function keptConstants(
  insns: readonly Insn[],
  cfg: ControlFlowGraph,
  counts: (insn: Insn, row: InstructionRow) => boolean,
): KeptConstants {
  const dominators = dominatorTree(cfg)
  const loops = loopStructure(cfg, dominators)
  // What is made at the beginning would be made each turn where the beginning is in a loop.
  if (loops.backEdges.length === 0 || cfg.blocks[0]!.predecessors.length > 0) return NONE
  const registers = freeRegisters(insns, cfg)
  if (registers.length === 0) return NONE
  const wanted = [...usesInLoops(insns, cfg, loopDepths(cfg, loops), counts)].sort(([, a], [, b]) => b - a)
  return new Map(wanted.slice(0, registers.length).map(([imm], n) => [imm, registers[n] as number]))
}

function freeRegisters(insns: readonly Insn[], { range }: ControlFlowGraph): readonly number[] {
  let named = 0
  for (let pc = range.start; pc < range.end; pc += insnSlots(insns[pc] as Insn)) {
    const insn = insns[pc] as Insn
    const row = lookupInsn(insn)
    if (row === undefined || row.name === 'TAIL_CALL') return []
    // Of a call that is r1 to r5, which it may read.
    named |= readBy(row, insn) | writtenBy(row, insn)
  }
  return CANDIDATES.filter((register) => ((named >> register) & 1) === 0)
}

/** How much each constant is used in loops. */
function usesInLoops(
  insns: readonly Insn[],
  { blocks }: ControlFlowGraph,
  depths: Uint8Array,
  counts: (insn: Insn, row: InstructionRow) => boolean,
): ReadonlyMap<number, number> {
  const uses = new Map<number, number>()
  for (const { index, start, end } of blocks) {
    const depth = depths[index]!
    if (depth === 0) continue
    for (let pc = start; pc < end; pc += insnSlots(insns[pc] as Insn)) {
      const insn = insns[pc] as Insn
      const row = lookupInsn(insn)
      if (row !== undefined && counts(insn, row)) uses.set(insn.imm, (uses.get(insn.imm) ?? 0) + TURNS ** depth)
    }
  }
  return uses
}
