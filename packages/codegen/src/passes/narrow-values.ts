/**
 * Drops what does nothing to a value that is narrow already: zero extensions, masks, truncations to a byte order's
 * width, and operations with a neutral number.
 *
 * ```
 * r1 = *(u16 *)(r2 +0); r1 &= 0xffff   ->   r1 = *(u16 *)(r2 +0)
 * w1 += w2; w1 = w1                    ->   w1 += w2
 * ```
 *
 * Sound: the widths (value-width.ts) bound the value from above on every way here, and each row below only asks for bits
 * that the bound says are zero.
 */
import { INSTRUCTIONS, type Insn, type InstructionName, type InstructionRow } from '@bpfoundry/isa'
import type { ControlFlowGraph } from '../control-flow-graph.ts'
import { visitWidths } from '../value-width.ts'
import { DELETED, remove } from './draft.ts'

export function narrowValues(insns: Insn[], cfg: ControlFlowGraph): void {
  visitWidths(insns, cfg, (pc, row, widths) => {
    const insn = insns[pc] as Insn
    if (insn === DELETED) return true
    if (row === undefined || IDLE_OF[row.id]?.(insn, widths[insn.dst]!, row) !== true) return false
    remove(insns, pc)
    return true
  })
}

/** Whether an instruction leaves its destination, whose value is below 2^width, as it is. */
type Idle = (insn: Insn, width: number, row: InstructionRow) => boolean

const toItself: Idle = ({ dst, src }, width, { bits }) => dst === src && width <= bits
const neutral =
  (number: number): Idle =>
  ({ imm }, width, { bits }) =>
    imm === number && width <= bits
/** Shifts by nothing. */
const noShift: Idle = ({ imm }, width, { bits }) => (imm & (bits - 1)) === 0 && width <= bits
/** A mask with ones wherever the value may have some. */
const mask: Idle = ({ imm }, width, { bits }) => width <= bits && (width > 32 ? imm === -1 : (~imm & ones(width)) === 0)
const ones = (width: number): number => (width === 32 ? -1 : (1 << width) - 1)
const cut: Idle = (_, width, { bits }) => width <= bits

// biome-ignore format: table
const IDLE: Readonly<Partial<Record<InstructionName, Idle>>> = {
  ALU64_MOV_X:  toItself,
  ALU32_MOV_X:  toItself,
  ALU64_ADD_K:  neutral(0),
  ALU32_ADD_K:  neutral(0),
  ALU64_SUB_K:  neutral(0),
  ALU32_SUB_K:  neutral(0),
  ALU64_OR_K:   neutral(0),
  ALU32_OR_K:   neutral(0),
  ALU64_XOR_K:  neutral(0),
  ALU32_XOR_K:  neutral(0),
  ALU64_MUL_K:  neutral(1),
  ALU32_MUL_K:  neutral(1),
  ALU64_DIV_K:  neutral(1),
  ALU32_DIV_K:  neutral(1),
  ALU64_LSH_K:  noShift,
  ALU32_LSH_K:  noShift,
  ALU64_RSH_K:  noShift,
  ALU32_RSH_K:  noShift,
  ALU64_ARSH_K: noShift,
  ALU32_ARSH_K: noShift,
  ALU64_AND_K:  mask,
  ALU32_AND_K:  mask,
  LE16:         cut,
  LE32:         cut,
  LE64:         cut,
}

const IDLE_OF: readonly (Idle | undefined)[] = INSTRUCTIONS.map(({ name }) => IDLE[name])
