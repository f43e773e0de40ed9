/**
 * Which registers are read before they are written, on some way on: backwards data flow over a control-flow graph.
 * Sets of registers are bit masks, bit n for Rn, bit 11 for AX.
 *
 * Sound to drop a write of what is not live behind it: the meet is union, so a register counts as live when it is on any
 * way; an instruction without a row reads everything.
 */
import {
  BPF_PSEUDO_CALL,
  type Insn,
  insnSlots,
  isCall,
  lookupInsn,
  registersRead,
  registersWritten,
} from '@bpfoundry/isa'
import { type BasicBlock, type ControlFlowGraph, isTailCall } from './control-flow-graph.ts'

/** r0..r10 and AX. */
export const ALL_REGISTERS = 0xfff

/** r1..r5. */
const ARGUMENTS = 0x3e
const FRAME_POINTER = 1 << 10

/**
 * Registers that an instruction reads: of the row, and what calls read here. Helpers and subprograms may read r1..r5
 * (and a subprogram's frame pointer comes of r10); where a tail call leads, everything may be read.
 */
export function readsOf(insn: Insn): number {
  const row = lookupInsn(insn)
  if (row === undefined || isTailCall(insn)) return ALL_REGISTERS
  return registersRead(row, insn) | (row.kind === 'call' ? callReads(insn) : 0)
}

function callReads(insn: Insn): number {
  return isCall(insn) && insn.src === BPF_PSEUDO_CALL ? ARGUMENTS | FRAME_POINTER : ARGUMENTS
}

/** Registers whose value before an instruction is gone behind it. A tail call that is not taken changes none. */
export function writesOf(insn: Insn): number {
  const row = lookupInsn(insn)
  return row === undefined || isTailCall(insn) ? 0 : registersWritten(row, insn)
}

/** Registers live before each slot of the graph's range, counted from `range.start`; of unreachable slots, too. */
export function liveRegisters(insns: readonly Insn[], cfg: ControlFlowGraph): Uint16Array {
  const effects = effectsOf(insns, cfg.range.start, cfg.range.end)
  const before = liveBeforeBlocks(cfg, effects)
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

/** What each slot reads and writes; a second slot does neither. */
interface Effects {
  readonly reads: Uint16Array
  readonly writes: Uint16Array
}

function effectsOf(insns: readonly Insn[], start: number, end: number): Effects {
  const reads = new Uint16Array(end - start)
  const writes = new Uint16Array(end - start)
  for (let pc = start; pc < end; pc += insnSlots(insns[pc] as Insn)) {
    reads[pc - start] = readsOf(insns[pc] as Insn)
    writes[pc - start] = writesOf(insns[pc] as Insn)
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
  const unreachable = blocks.map(({ index }) => index).filter((index) => orderOf[index]! < 0)
  return [...reversePostorder].reverse().concat(unreachable.reverse())
}

/** Registers live behind the last instruction of a block, given those before each block. */
function liveBehind(block: BasicBlock, before: Uint16Array): number {
  let mask = 0
  for (const next of block.successors) mask |= before[next] as number
  return mask
}
