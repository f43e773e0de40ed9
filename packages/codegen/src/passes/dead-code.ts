/**
 * Drops instructions whose result nobody reads: moves that are overwritten, bytes that a wider load took the place of.
 *
 * Sound: liveness counts a register as live when it is read on any way on (liveness.ts), and only instructions without
 * another effect than their result are dropped. A plain load is one: in a verified program it can't fault, and memory
 * does not change by it. Atomics, ordered loads and calls stay. In hidden subprograms a load that nobody reads stays, too:
 * it is there to bring a cache line, and back ends make a prefetch of it.
 */
import { INSTRUCTIONS, type Insn, type InstructionKind, type InstructionRow, lookupInsn } from '@bpfoundry/isa'
import type { BasicBlock, ControlFlowGraph } from '../control-flow-graph.ts'
import { blockLiveness, type Effects, liveBehind } from '../liveness.ts'
import { remove } from './draft.ts'

const PURE_KINDS: readonly InstructionKind[] = ['alu', 'neg', 'movsx', 'swap']
/** Of kinds that also hold what back ends refuse or what may fault. */
const PURE_OPERATIONS: readonly string[] = ['load mem', 'load memsx', 'ld_imm64 imm', 'ld_imm64 func', 'cast percpu']

const PURE: Uint8Array = Uint8Array.from(INSTRUCTIONS, ({ kind, operation }: InstructionRow) =>
  PURE_KINDS.includes(kind) || PURE_OPERATIONS.includes(`${kind} ${operation}`) ? 1 : 0,
)

function isPure(insn: Insn, hidden: boolean): boolean {
  const row = lookupInsn(insn)
  return row !== undefined && PURE[row.id] === 1 && !(hidden && row.kind === 'load')
}

export function removeDeadCode(insns: Insn[], cfg: ControlFlowGraph): void {
  const { effects, before } = blockLiveness(insns, cfg)
  for (const block of cfg.blocks) sweep(insns, cfg, block, effects, liveBehind(block, before))
}

/** From the end of a block: what is dropped reads nothing, so that what fed it may go, too. */
function sweep(
  insns: Insn[],
  { range }: ControlFlowGraph,
  block: BasicBlock,
  { reads, writes }: Effects,
  behind: number,
): void {
  const base = range.start
  const hidden = range.hidden === true
  let live = behind
  for (let pc = block.end - 1; pc >= block.start; pc--) {
    const written = writes[pc - base]!
    if (written !== 0 && (written & live) === 0 && isPure(insns[pc] as Insn, hidden)) remove(insns, pc)
    else live = (live & ~written) | reads[pc - base]!
  }
}
