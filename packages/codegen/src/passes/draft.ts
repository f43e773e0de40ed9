import { BPF_JMP_A, BPF_ST_NOSPEC, type Insn, insnSlots } from '@bpfoundry/isa'
import type { CodeRange } from '../code-program.ts'
import type { BasicBlock, ControlFlowGraph } from '../control-flow-graph.ts'
import { readsOf, writesOf } from '../liveness.ts'
import { linkProgram, ProgramWriter, type RewrittenProgram } from '../rewritten-program.ts'
import type { Weights } from '../weights.ts'

/**
 * Stands where a pass took an instruction away. It does nothing, so that every analysis may run over it; what it weighs
 * goes to a neighbour in its block when the program is written.
 */
export const DELETED: Insn = BPF_ST_NOSPEC()

/** A program in the hands of the passes. Every instruction keeps its slot until {@link writeDraft}. */
export interface Draft {
  readonly insns: Insn[]
  readonly weights: Weights
  readonly subprograms: readonly CodeRange[]
  readonly graphs: readonly ControlFlowGraph[]
}

/** Takes the instruction at `pc` out, both slots of it. */
export function remove(insns: Insn[], pc: number): void {
  if (insnSlots(insns[pc] as Insn) === 2) insns[pc + 1] = DELETED
  insns[pc] = DELETED
}

/** True when an instruction at `pc` reads or writes a register of the mask. */
export function touches(insn: Insn, mask: number): boolean {
  return insn !== DELETED && ((readsOf(insn) | writesOf(insn)) & mask) !== 0
}

/** How far passes look for the instruction that belongs to one: real code keeps such pairs close, and time is short. */
const WINDOW_SLOTS = 16

/** The next instruction behind `pc` in the block that touches a register of the mask, -1 where none is near. */
export function nextTouching(insns: readonly Insn[], block: BasicBlock, pc: number, mask: number): number {
  const end = Math.min(block.end, pc + WINDOW_SLOTS)
  for (let at = pc + insnSlots(insns[pc] as Insn); at < end; at += insnSlots(insns[at] as Insn)) {
    if (touches(insns[at] as Insn, mask)) return at
  }
  return -1
}

/** True when an instruction between `from` and `to`, neither included, writes the register. */
export function isWritten(insns: readonly Insn[], from: number, to: number, register: number): boolean {
  for (let at = from + insnSlots(insns[from] as Insn); at < to; at += insnSlots(insns[at] as Insn)) {
    if (((writesOf(insns[at] as Insn) >> register) & 1) === 1) return true
  }
  return false
}

/**
 * Writes what is left of a draft. Weights of deleted instructions go to the next one that stays in the block, else to
 * the one before; a block of which nothing stays but its weight becomes `goto +0`, which back ends translate to nothing.
 */
export function writeDraft({ insns, weights, subprograms, graphs }: Draft): RewrittenProgram {
  const writer = new ProgramWriter(insns.length)
  for (const { blocks } of graphs) {
    for (const block of blocks) writeBlock(writer, insns, weights, block)
  }
  return linkProgram(writer, subprograms)
}

function writeBlock(writer: ProgramWriter, insns: readonly Insn[], weights: Weights, block: BasicBlock): void {
  const first = writer.insns.length
  let owed = 0
  for (let pc = block.start; pc < block.end; pc++) {
    writer.begin(pc)
    const insn = insns[pc] as Insn
    owed += weights[pc] as number
    if (insn === DELETED) continue
    writer.keep(insn, pc, owed)
    owed = 0
    if (insnSlots(insn) === 1) continue
    writer.begin(++pc)
    writer.second(insns[pc] as Insn)
  }
  if (owed === 0) return
  if (writer.insns.length === first) writer.make(BPF_JMP_A(0), owed)
  else writer.addWeight(owed)
}
