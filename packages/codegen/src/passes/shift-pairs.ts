/**
 * Pairs of shifts that cut a number off, as compilers for the first versions of BPF write them.
 *
 * ```
 * r1 <<= 32; r1 >>= 32     ->   w1 = w1             r1 <<= 48; r1 >>= 48    ->   r1 &= 0xffff
 * r1 <<= 32; r1 s>>= 32    ->   r1 = (s32)r1        w1 <<= 24; w1 s>>= 24   ->   w1 = (s8)w1
 * r2 = r1; w2 = w2         ->   w2 = w1             r2 = r1; r2 = (s32)r2   ->   r2 = (s32)r1
 * ```
 *
 * Sound: shifting left by k and right by k keeps the lower `bits - k` bits and fills with zeros or the sign, which is
 * what the one instruction does. What stands between the two touches neither register, so the second may do the work of
 * both.
 */
import {
  BPF_ALU,
  BPF_ALU32_IMM,
  BPF_ALU64,
  BPF_ALU64_IMM,
  BPF_AND,
  BPF_MOV,
  BPF_MOV32_REG,
  BPF_MOVSX32_REG,
  BPF_MOVSX64_REG,
  BPF_X,
  type Insn,
  type InstructionName,
  insnSlots,
  lookupInsn,
} from '@bpfoundry/isa'
import type { BasicBlock } from '../control-flow-graph.ts'
import { isWritten, nextTouching, remove } from './draft.ts'

const LSH32_K = 0x64
const LSH64_K = 0x67
const MOV64_X = BPF_ALU64 | BPF_MOV | BPF_X
const MOV32_X = BPF_ALU | BPF_MOV | BPF_X

/** Opcodes without one of which there is nothing to join. */
export const SHIFT_PAIRS_OPCODES: readonly number[] = [LSH32_K, LSH64_K, MOV32_X]

export function joinShiftPairs(insns: Insn[], block: BasicBlock): void {
  for (let pc = block.start; pc < block.end; pc += insnSlots(insns[pc] as Insn)) {
    const { opcode } = insns[pc] as Insn
    if (opcode === LSH32_K || opcode === LSH64_K) joinShifts(insns, block, pc)
  }
  for (let pc = block.start; pc < block.end; pc += insnSlots(insns[pc] as Insn)) {
    const { opcode, off } = insns[pc] as Insn
    if (opcode === MOV64_X && off === 0) joinMoves(insns, block, pc)
  }
}

/** What `dst <<= k` followed by the row is; undefined where no single instruction does it. */
type Join = (dst: number, k: number) => Insn | undefined

// biome-ignore format: table
const JOINS: Readonly<Partial<Record<InstructionName, Join>>> = {
  ALU64_RSH_K:  (dst, k) => k === 32 ? BPF_MOV32_REG(dst, dst) : k > 32 ? BPF_ALU64_IMM(BPF_AND, dst, 2 ** (64 - k) - 1) : undefined,
  ALU64_ARSH_K: (dst, k) => k === 32 || k === 48 || k === 56 ? BPF_MOVSX64_REG(dst, dst, 64 - k) : undefined,
  ALU32_RSH_K:  (dst, k) => k > 0 ? BPF_ALU32_IMM(BPF_AND, dst, 2 ** (32 - k) - 1) : undefined,
  ALU32_ARSH_K: (dst, k) => k === 16 || k === 24 ? BPF_MOVSX32_REG(dst, dst, 32 - k) : undefined,
}

function joinShifts(insns: Insn[], block: BasicBlock, pc: number): void {
  const { dst, imm, opcode } = insns[pc] as Insn
  const at = nextTouching(insns, block, pc, 1 << dst)
  const second = insns[at]
  if (second === undefined || second.dst !== dst || second.imm !== imm) return
  const row = lookupInsn(second)
  const sameWidth = row?.bits === (opcode === LSH32_K ? 32 : 64)
  const joined = row === undefined || !sameWidth || imm >= row.bits ? undefined : JOINS[row.name]?.(dst, imm)
  if (joined === undefined) return
  remove(insns, pc)
  insns[at] = joined
}

/** A move into a register that then only extends itself. */
function joinMoves(insns: Insn[], block: BasicBlock, pc: number): void {
  const { dst, src } = insns[pc] as Insn
  if (dst === src) return
  const at = nextTouching(insns, block, pc, 1 << dst)
  const second = insns[at]
  if (second?.dst !== dst || second.src !== dst || !isExtension(second) || isWritten(insns, pc, at, src)) return
  remove(insns, pc)
  insns[at] = { ...second, src }
}

/** A move that extends: of 32 bits, or with a sign. */
const isExtension = (insn: Insn): boolean => insn.opcode === MOV32_X || (insn.opcode === MOV64_X && insn.off >= 8)
