/**
 * What the bits of an opcode say, under the names of the kernel's macros, and small facts on instructions.
 *
 * @see RFC 9669, sections 3 and 4
 */
import type { Insn } from './insn.ts'
import type { InstructionRow } from './instruction-table.ts'
import * as op from './opcodes.ts'

/** Class, the low three bits: BPF_LD .. BPF_ALU64. */
export function BPF_CLASS(opcode: number): number {
  return opcode & 0x07
}

/** Size of a load or store: BPF_B, BPF_H, BPF_W, BPF_DW. */
export function BPF_SIZE(opcode: number): number {
  return opcode & 0x18
}

/** Mode of a load or store: BPF_IMM .. BPF_ATOMIC. */
export function BPF_MODE(opcode: number): number {
  return opcode & 0xe0
}

/** Code of an arithmetic or jump instruction: BPF_ADD .. , BPF_JA .. */
export function BPF_OP(opcode: number): number {
  return opcode & 0xf0
}

/** Source of the second operand: BPF_K or BPF_X. */
export function BPF_SRC(opcode: number): number {
  return opcode & 0x08
}

/** Bytes that a load or store with this opcode moves: 1, 2, 4 or 8. */
export function accessBytes(opcode: number): 1 | 2 | 4 | 8 {
  const size = BPF_SIZE(opcode)
  return size === op.BPF_B ? 1 : size === op.BPF_H ? 2 : size === op.BPF_W ? 4 : 8
}

/** Bits an arithmetic or jump opcode computes with: 32 in the classes ALU and JMP32, 64 in ALU64 and JMP. */
export function aluSize(opcode: number): 32 | 64 {
  const cls = BPF_CLASS(opcode)
  return cls === op.BPF_ALU || cls === op.BPF_JMP32 ? 32 : 64
}

/** True for the first slot of a 64-bit immediate load. */
export function isLdImm64(insn: Insn): boolean {
  return insn.opcode === (op.BPF_LD | op.BPF_IMM | op.BPF_DW)
}

/** Slots an instruction takes: 2 for a 64-bit immediate load, else 1. */
export function insnSlots(insn: Insn): 1 | 2 {
  return isLdImm64(insn) ? 2 : 1
}

/** The 64-bit immediate of two slots, as unsigned. */
export function ldImm64Value(first: Insn, second: Insn): bigint {
  return (BigInt(second.imm >>> 0) << 32n) | BigInt(first.imm >>> 0)
}

export function isCall(insn: Insn): boolean {
  return insn.opcode === (op.BPF_JMP | op.BPF_CALL)
}

export function isExit(insn: Insn): boolean {
  return insn.opcode === (op.BPF_JMP | op.BPF_EXIT)
}

/** True for a jump with two ways on: a comparison or may_goto. */
export function isConditionalJump(insn: Insn): boolean {
  const cls = BPF_CLASS(insn.opcode)
  const code = BPF_OP(insn.opcode)
  if (cls !== op.BPF_JMP && cls !== op.BPF_JMP32) return false
  if (code === op.BPF_JCOND) return insn.opcode === (op.BPF_JMP | op.BPF_JCOND)
  return code !== op.BPF_JA && code !== op.BPF_CALL && code !== op.BPF_EXIT && code < op.BPF_JCOND
}

/** True for `goto` and `gotol`. */
export function isGoto(insn: Insn): boolean {
  return insn.opcode === (op.BPF_JMP | op.BPF_JA) || insn.opcode === (op.BPF_JMP32 | op.BPF_JA)
}

/** The slot that the jump at `pc` leads to when taken, undefined for what is no jump. May lie outside the program. */
export function jumpTarget(insn: Insn, pc: number): number | undefined {
  if (insn.opcode === (op.BPF_JMP32 | op.BPF_JA)) return pc + 1 + insn.imm
  return isGoto(insn) || isConditionalJump(insn) ? pc + 1 + insn.off : undefined
}

/**
 * The slot where the subprogram begins that the call, or the load of a function's address (BPF_PSEUDO_FUNC), at `pc`
 * names; undefined for any other instruction.
 */
export function subprogTarget(insn: Insn, pc: number): number | undefined {
  const names =
    (isCall(insn) && insn.src === op.BPF_PSEUDO_CALL) || (isLdImm64(insn) && insn.src === op.BPF_PSEUDO_FUNC)
  return names ? pc + 1 + insn.imm : undefined
}

/** False for what never reaches the next slot: exit and the unconditional jumps. */
export function fallsThrough(insn: Insn): boolean {
  return !isExit(insn) && !isGoto(insn)
}

/** Explicit zero extension as fix-ups insert it for 32-bit JITs: mov32 of a register to itself with imm 1. */
export function isZext(insn: Insn): boolean {
  return insn.opcode === (op.BPF_ALU | op.BPF_MOV | op.BPF_X) && insn.imm === 1
}

const IMPLICIT_READS: Readonly<Record<string, number>> = { ld_packet: 1 << 6, exit: 1 << 0 }
const IMPLICIT_WRITES: Readonly<Record<string, number>> = { ld_packet: 0x3f, call: 0x3f }

/**
 * Registers that an instruction reads, bit n for Rn, implied ones too (r0 of exit and cmpxchg, r6 of packet loads).
 * Of a call only callx's own register: which of r1..r5 are read is a matter of the callee.
 */
export function registersRead(row: InstructionRow, insn: Insn): number {
  const reads = (role: unknown): boolean => role === 'r' || role === 'rw' || role === 'addr'
  let mask = IMPLICIT_READS[row.kind] ?? 0
  if (reads(row.dst)) mask |= 1 << insn.dst
  if (reads(row.src)) mask |= 1 << insn.src
  return row.operation === 'cmpxchg' ? mask | 1 : mask
}

/** Registers that an instruction overwrites, bit n for Rn; calls and packet loads clobber r0..r5. */
export function registersWritten(row: InstructionRow, insn: Insn): number {
  const writes = (role: unknown): boolean => role === 'w' || role === 'rw'
  let mask = IMPLICIT_WRITES[row.kind] ?? 0
  if (writes(row.dst)) mask |= 1 << insn.dst
  if (writes(row.src)) mask |= 1 << insn.src
  return row.operation === 'cmpxchg' ? mask | 1 : mask
}
