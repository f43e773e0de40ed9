/**
 * Which registers are read before they are written, on some way on: backwards data flow over a control-flow graph.
 * Sets of registers are bit masks, bit n for Rn, bit 11 for AX.
 *
 * Sound to drop a write of what is not live behind it: the meet is union, so a register counts as live when it is on any
 * way; an instruction without a row reads everything.
 */
import {
  INSTRUCTIONS,
  type Insn,
  type InstructionName,
  type InstructionRow,
  insnSlots,
  lookupInsn,
  registersRead,
  registersWritten,
} from '@bpfoundry/isa'
import type { BasicBlock, ControlFlowGraph } from './control-flow-graph.ts'

/** r0..r10 and AX. */
export const ALL_REGISTERS = 0xfff

/** r1..r5. */
const ARGUMENTS = 0x3e
const FRAME_POINTER = 1 << 10

/**
 * What calls read here. Helpers and subprograms may read r1..r5, and a subprogram's frame pointer comes of r10; where a
 * tail call leads, everything may be read.
 */
const CALLS_READ: Readonly<Partial<Record<InstructionName, number>>> = {
  CALL_HELPER: ARGUMENTS,
  CALLX: ARGUMENTS,
  CALL_KFUNC: ARGUMENTS,
  CALL_SUBPROG: ARGUMENTS | FRAME_POINTER,
  TAIL_CALL: ALL_REGISTERS,
}

/**
 * What a row reads and writes, packed in one number a row, for every pass asks for it:
 *
 * ```
 *  0               12          13          14           15           16               28
 *  | reads implied | reads dst | reads src | writes dst | writes src | writes implied |
 * ```
 */
function packRow(row: InstructionRow): number {
  // Two registers that nothing implies tell which fields are meant.
  const probe: Insn = { opcode: row.opcode, dst: 14, src: 15, off: 0, imm: 0 }
  const read = registersRead(row, probe) | (CALLS_READ[row.name] ?? 0)
  // A tail call that is not taken changes no register.
  const written = row.name === 'TAIL_CALL' ? 0 : registersWritten(row, probe)
  const fields = ((read >> 14) & 3) | (((written >> 14) & 3) << 2)
  return (read & ALL_REGISTERS) | (fields << 12) | ((written & ALL_REGISTERS) << 16)
}

const PACKED: Int32Array = Int32Array.from(INSTRUCTIONS, packRow)

/** Registers that an instruction of a row reads: what the row says, and what calls read here. */
export function readBy(row: InstructionRow, insn: Insn): number {
  const packed = PACKED[row.id]!
  return (packed & ALL_REGISTERS) | (((packed >> 12) & 1) << insn.dst) | (((packed >> 13) & 1) << insn.src)
}

/** Registers whose value before an instruction of a row is gone behind it. */
export function writtenBy(row: InstructionRow, insn: Insn): number {
  const packed = PACKED[row.id]!
  return (packed >> 16) | (((packed >> 14) & 1) << insn.dst) | (((packed >> 15) & 1) << insn.src)
}

/** {@link readBy} of any instruction; all registers where it has no row. */
export function readsOf(insn: Insn): number {
  const row = lookupInsn(insn)
  return row === undefined ? ALL_REGISTERS : readBy(row, insn)
}

/** {@link writtenBy} of any instruction; none where it has no row. */
export function writesOf(insn: Insn): number {
  const row = lookupInsn(insn)
  return row === undefined ? 0 : writtenBy(row, insn)
}

/** Registers live before each slot of the graph's range, counted from `range.start`; of unreachable slots, too. */
export function liveRegisters(insns: readonly Insn[], cfg: ControlFlowGraph): Uint16Array {
  const { effects, before } = blockLiveness(insns, cfg)
  const live = new Uint16Array(cfg.range.end - cfg.range.start)
  for (const block of cfg.blocks) {
    let mask = liveBehind(block, before)
    for (let at = block.end - 1 - cfg.range.start; at >= block.start - cfg.range.start; at--) {
      mask = (mask & ~effects.writes[at]!) | effects.reads[at]!
      live[at] = mask
    }
  }
  return live
}

/** What each slot reads and writes, and what is live before each block. */
export function blockLiveness(
  insns: readonly Insn[],
  cfg: ControlFlowGraph,
): { effects: Effects; before: Uint16Array } {
  const effects = effectsOf(insns, cfg.range.start, cfg.range.end)
  return { effects, before: liveBeforeBlocks(cfg, effects) }
}

/** What each slot reads and writes, counted from the range's start; a second slot does neither. */
export interface Effects {
  readonly reads: Uint16Array
  readonly writes: Uint16Array
}

function effectsOf(insns: readonly Insn[], start: number, end: number): Effects {
  const reads = new Uint16Array(end - start)
  const writes = new Uint16Array(end - start)
  for (let pc = start; pc < end; pc += insnSlots(insns[pc] as Insn)) {
    const insn = insns[pc] as Insn
    const row = lookupInsn(insn)
    reads[pc - start] = row === undefined ? ALL_REGISTERS : readBy(row, insn)
    if (row !== undefined) writes[pc - start] = writtenBy(row, insn)
  }
  return { reads, writes }
}

/** Registers live before each block: the least solution, found by growing sets until nothing changes. */
function liveBeforeBlocks(cfg: ControlFlowGraph, effects: Effects): Uint16Array {
  const { blocks } = cfg
  const reads = new Uint16Array(blocks.length)
  const writes = new Uint16Array(blocks.length)
  for (const block of blocks) summarise(cfg, effects, block, reads, writes)
  const before = reads.slice()
  const order = backwards(cfg)
  for (let changed = true; changed; ) {
    changed = false
    for (const index of order) {
      const mask = (liveBehind(blocks[index] as BasicBlock, before) & ~writes[index]!) | reads[index]!
      if (mask !== before[index]) {
        before[index] = mask
        changed = true
      }
    }
  }
  return before
}

/** A block as if it were one instruction. */
function summarise(
  cfg: ControlFlowGraph,
  effects: Effects,
  block: BasicBlock,
  reads: Uint16Array,
  writes: Uint16Array,
): void {
  let [read, written] = [0, 0]
  for (let at = block.start - cfg.range.start; at < block.end - cfg.range.start; at++) {
    read |= effects.reads[at]! & ~written
    written |= effects.writes[at]!
  }
  reads[block.index] = read
  writes[block.index] = written
}

/** Successors before their predecessors, where there are no loops; unreachable blocks last. */
function backwards({ blocks, reversePostorder, orderOf }: ControlFlowGraph): readonly number[] {
  const order = reversePostorder.slice().reverse()
  if (order.length < blocks.length) for (const { index } of blocks) if (orderOf[index]! < 0) order.push(index)
  return order
}

/** Registers live behind the last instruction of a block, given those before each block. */
export function liveBehind(block: BasicBlock, before: Uint16Array): number {
  let mask = 0
  for (const next of block.successors) mask |= before[next] as number
  return mask
}
