/**
 * How many low bits of each register may be set: the value is below 2^width, unsigned. 64 means anything, 0 means zero.
 * A domain of 65 elements a register, ordered by size; the state of a block that several lead to, or that may be entered
 * from elsewhere, is "anything".
 */
import {
  INSTRUCTIONS,
  type Insn,
  type InstructionKind,
  type InstructionRow,
  insnSlots,
  lookupInsn,
  type Operation,
} from '@bpfoundry/isa'
import type { ControlFlowGraph } from './control-flow-graph.ts'
import { writtenBy } from './liveness.ts'

/** Width by register, r0..r10 and AX. */
export type Widths = Uint8Array

const REGISTERS = 12
const FRAME_POINTER = 10

/**
 * Nothing is known but that the frame pointer is a guest address, of 32 bits. A tail call may enter a program with
 * anything in its registers.
 */
export const NOTHING_KNOWN: Widths = Uint8Array.from({ length: REGISTERS }, (_, register) =>
  register === FRAME_POINTER ? 32 : 64,
)

/** Bits that an unsigned number of 32 bits takes. */
const bitLength = (value: number): number => 32 - Math.clz32(value)

/** Bits that an immediate takes once it is sign-extended to `bits`. */
const immediateWidth = (imm: number, bits: number): number => (imm < 0 ? bits : bitLength(imm))

type Result = (left: number, right: number, bits: number) => number

/**
 * Width of the result by operation, from those of dst and of the other operand, both cut to `bits`. Below each other the
 * reasons: a sum is below twice the larger, a product below the product of the bounds, a quotient and a remainder are at
 * most the dividend (also by zero), or and xor set no new bit, and keeps at most the fewer.
 */
// biome-ignore format: table
const RESULTS: Readonly<Partial<Record<Operation, Result>>> = {
  add: (left, right, bits) => Math.min(bits, Math.max(left, right) + 1),
  mul: (left, right, bits) => Math.min(bits, left + right),
  div: (left) => left,
  mod: (left) => left,
  or:  (left, right) => Math.max(left, right),
  xor: (left, right) => Math.max(left, right),
  and: (left, right) => Math.min(left, right),
  mov: (_, right) => right,
}

/** Shifts by a constant, which the machine cuts to 5 or 6 bits. */
// biome-ignore format: table
const SHIFTS: Readonly<Partial<Record<Operation, Result>>> = {
  lsh: (left, count, bits) => Math.min(bits, left + count),
  rsh: (left, count) => Math.max(0, left - count),
}

const RESULT_OF: readonly (Result | undefined)[] = INSTRUCTIONS.map(({ operation }) => RESULTS[operation])
const SHIFT_OF: readonly (Result | undefined)[] = INSTRUCTIONS.map(({ operation, imm }) =>
  imm === 'imm' ? SHIFTS[operation] : undefined,
)

function aluWidth(row: InstructionRow, insn: Insn, widths: Widths): number {
  const { bits } = row
  const left = Math.min(widths[insn.dst]!, bits)
  const shift = SHIFT_OF[row.id]
  if (shift !== undefined) return shift(left, insn.imm & (bits - 1), bits)
  const right = row.imm === 'imm' ? immediateWidth(insn.imm, bits) : Math.min(widths[insn.src]!, bits)
  return RESULT_OF[row.id]?.(left, right, bits) ?? bits
}

type Width = (row: InstructionRow, insn: Insn, widths: Widths, next: Insn | undefined) => number

/** Width of what an instruction of each kind writes into its destination; 64 where a kind is not named. */
const WIDTHS: Readonly<Partial<Record<InstructionKind, Width>>> = {
  alu: aluWidth,
  neg: ({ bits }) => bits,
  movsx: ({ bits }) => bits,
  swap: ({ bits }) => bits,
  load: ({ bits, operation }) => (operation === 'mem' ? bits : 64),
  load_acq: ({ bits }) => bits,
  atomic: ({ bits }) => bits,
  ld_imm64: ({ operation }, { imm }, _, next) =>
    operation === 'imm' && next?.imm === 0 ? bitLength(imm) : operation === 'func' ? 32 : 64,
}

/** {@link WIDTHS} by a row's id. */
const WIDTH_OF: readonly (Width | undefined)[] = INSTRUCTIONS.map(({ kind }) => WIDTHS[kind])

/** Takes the state over one instruction, in place. `next` is the slot behind it. */
export function stepWidths(widths: Widths, row: InstructionRow, insn: Insn, next: Insn | undefined): void {
  const written = writtenBy(row, insn)
  if (written === 0) return
  const width = WIDTH_OF[row.id]?.(row, insn, widths, next) ?? 64
  // As a rule one register, and the highest one at first.
  for (let left = written; left !== 0; ) {
    const register = 31 - Math.clz32(left)
    widths[register] = width
    left &= ~(1 << register)
  }
}

/** Sees an instruction and the widths before it. @returns whether it is to be passed over, for it changes nothing */
type Visit = (pc: number, row: InstructionRow | undefined, widths: Widths) => boolean

/** Visits reachable blocks in an order where the only predecessor of one comes before it, whose widths it then goes on with. */
export function visitWidths(insns: readonly Insn[], cfg: ControlFlowGraph, visit: Visit): void {
  const behind: (Widths | undefined)[] = new Array(cfg.blocks.length).fill(undefined)
  for (const index of cfg.reversePostorder) {
    const block = cfg.blocks[index]!
    const only = block.predecessors.length === 1 && index !== 0 ? behind[block.predecessors[0]!] : undefined
    const widths = (only ?? NOTHING_KNOWN).slice()
    for (let pc = block.start; pc < block.end; pc += insnSlots(insns[pc] as Insn)) {
      const insn = insns[pc] as Insn
      const row = lookupInsn(insn)
      if (visit(pc, row, widths)) continue
      if (row === undefined) widths.set(NOTHING_KNOWN)
      else stepWidths(widths, row, insn, insns[pc + 1])
    }
    behind[index] = widths
  }
}

/** Width of dst before each slot, counted from the range's start; 64 where nothing leads. */
export function dstWidths(insns: readonly Insn[], cfg: ControlFlowGraph): Uint8Array {
  const { start, end } = cfg.range
  const before = new Uint8Array(end - start).fill(64)
  visitWidths(insns, cfg, (pc, _, widths) => {
    before[pc - start] = widths[insns[pc]!.dst] ?? 64
    return false
  })
  return before
}
