/**
 * Drops instructions whose result nobody reads: moves that are overwritten, bytes that a wider load took the place of.
 *
 * Sound: liveness counts a register as live when it is read on any way on (liveness.ts), and only instructions without
 * another effect than their result are dropped. A plain load is one: in a verified program it can't fault, and memory
 * does not change by it. Atomics, ordered loads and calls stay.
 */
import { INSTRUCTIONS, type Insn, type InstructionKind, type InstructionRow, lookupInsn } from '@bpfoundry/isa'
import type { BasicBlock, ControlFlowGraph } from '../control-flow-graph.ts'
import { liveRegisters, readsOf, writesOf } from '../liveness.ts'
import { DELETED, remove } from './draft.ts'

const PURE_KINDS: readonly InstructionKind[] = ['alu', 'neg', 'movsx', 'swap']
/** Of kinds that also hold what back ends refuse or what may fault. */
const PURE_OPERATIONS: readonly string[] = ['load mem', 'load memsx', 'ld_imm64 imm', 'ld_imm64 func', 'cast percpu']

const isPure: Uint8Array = Uint8Array.from(INSTRUCTIONS, ({ kind, operation }: InstructionRow) =>
  PURE_KINDS.includes(kind) || PURE_OPERATIONS.includes(`${kind} ${operation}`) ? 1 : 0,
)

export function removeDeadCode(insns: Insn[], cfg: ControlFlowGraph): void {
  const live = liveRegisters(insns, cfg)
  for (const block of cfg.blocks) {
    let behind = 0
    for (const next of block.successors) behind |= live[cfg.blocks[next]!.start - cfg.range.start] as number
    sweep(insns, block, behind)
  }
}

/** From the end of a block: what is dropped reads nothing, so that what fed it may go, too. */
function sweep(insns: Insn[], block: BasicBlock, behind: number): void {
  let live = behind
  for (let pc = block.end - 1; pc >= block.start; pc--) {
    const insn = insns[pc] as Insn
    if (insn === DELETED || isSecondSlot(insns, block, pc)) continue
    const row = lookupInsn(insn)
    const written = writesOf(insn)
    if (row !== undefined && isPure[row.id] === 1 && (written & live) === 0) remove(insns, pc)
    else live = (live & ~written) | readsOf(insn)
  }
}

const LD_IMM64 = 0x18
const isSecondSlot = (insns: readonly Insn[], block: BasicBlock, pc: number): boolean =>
  pc > block.start && insns[pc - 1]!.opcode === LD_IMM64
