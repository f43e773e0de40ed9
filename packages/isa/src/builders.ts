/**
 * Builders of instructions, one for each macro of the kernel's include/linux/filter.h and tools/include/linux/filter.h,
 * with the macro's name, arguments and order. Values wrap to their fields as C's assignments do: imm to s32, off to
 * s16. Nothing is checked; `checkInsns` does that.
 */
import type { Insn } from './insn.ts'
import { BPF_MODE, BPF_OP, BPF_SIZE, BPF_SRC } from './insn-fields.ts'
import * as op from './opcodes.ts'

/** The two slots of a 64-bit immediate load; spread them into a program. */
export type InsnPair = readonly [first: Insn, second: Insn]

/** One slot from its five fields. */
export function BPF_RAW_INSN(code: number, dst: number, src: number, off: number, imm: number): Insn {
  return { opcode: code & 0xff, dst: dst & 0xf, src: src & 0xf, off: (off << 16) >> 16, imm: imm | 0 }
}

// Arithmetic: `operation` is BPF_ADD .. BPF_ARSH

export function BPF_ALU64_REG_OFF(operation: number, dst: number, src: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU64 | BPF_OP(operation) | op.BPF_X, dst, src, off, 0)
}

export function BPF_ALU64_REG(operation: number, dst: number, src: number): Insn {
  return BPF_ALU64_REG_OFF(operation, dst, src, 0)
}

export function BPF_ALU32_REG_OFF(operation: number, dst: number, src: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU | BPF_OP(operation) | op.BPF_X, dst, src, off, 0)
}

export function BPF_ALU32_REG(operation: number, dst: number, src: number): Insn {
  return BPF_ALU32_REG_OFF(operation, dst, src, 0)
}

export function BPF_ALU64_IMM_OFF(operation: number, dst: number, imm: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU64 | BPF_OP(operation) | op.BPF_K, dst, 0, off, imm)
}

export function BPF_ALU64_IMM(operation: number, dst: number, imm: number): Insn {
  return BPF_ALU64_IMM_OFF(operation, dst, imm, 0)
}

export function BPF_ALU32_IMM_OFF(operation: number, dst: number, imm: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU | BPF_OP(operation) | op.BPF_K, dst, 0, off, imm)
}

export function BPF_ALU32_IMM(operation: number, dst: number, imm: number): Insn {
  return BPF_ALU32_IMM_OFF(operation, dst, imm, 0)
}

/** Conversion to byte order `type` (BPF_TO_LE, BPF_TO_BE) of the low `len` bits. */
export function BPF_ENDIAN(type: number, dst: number, len: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU | op.BPF_END | BPF_SRC(type), dst, 0, 0, len)
}

/** Unconditional swap of the low `len` bits. */
export function BPF_BSWAP(dst: number, len: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU64 | op.BPF_END | op.BPF_TO_LE, dst, 0, 0, len)
}

// Moves

export function BPF_MOV64_REG(dst: number, src: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU64 | op.BPF_MOV | op.BPF_X, dst, src, 0, 0)
}

export function BPF_MOV32_REG(dst: number, src: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU | op.BPF_MOV | op.BPF_X, dst, src, 0, 0)
}

/** Kernel-internal: the address of this CPU's copy. */
export function BPF_MOV64_PERCPU_REG(dst: number, src: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU64 | op.BPF_MOV | op.BPF_X, dst, src, op.BPF_ADDR_PERCPU, 0)
}

export function BPF_MOV64_IMM(dst: number, imm: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU64 | op.BPF_MOV | op.BPF_K, dst, 0, 0, imm)
}

export function BPF_MOV32_IMM(dst: number, imm: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU | op.BPF_MOV | op.BPF_K, dst, 0, 0, imm)
}

/** Sign-extending move; `off` is the source's width in bits: 8, 16 or 32. */
export function BPF_MOVSX64_REG(dst: number, src: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU64 | op.BPF_MOV | op.BPF_X, dst, src, off, 0)
}

/** Sign-extending move to 32 bits; `off` is the source's width in bits: 8 or 16. */
export function BPF_MOVSX32_REG(dst: number, src: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU | op.BPF_MOV | op.BPF_X, dst, src, off, 0)
}

/** Kernel-internal: explicit zero extension, see `isZext`. */
export function BPF_ZEXT_REG(dst: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU | op.BPF_MOV | op.BPF_X, dst, dst, 0, 1)
}

/** A move whose second operand `type` (BPF_X, BPF_K) chooses. */
export function BPF_MOV64_RAW(type: number, dst: number, src: number, imm: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU64 | op.BPF_MOV | BPF_SRC(type), dst, src, 0, imm)
}

export function BPF_MOV32_RAW(type: number, dst: number, src: number, imm: number): Insn {
  return BPF_RAW_INSN(op.BPF_ALU | op.BPF_MOV | BPF_SRC(type), dst, src, 0, imm)
}

// 64-bit immediates: two slots

export function BPF_LD_IMM64_RAW_FULL(
  dst: number,
  src: number,
  off1: number,
  off2: number,
  imm1: number,
  imm2: number,
): InsnPair {
  const first = BPF_RAW_INSN(op.BPF_LD | op.BPF_DW | op.BPF_IMM, dst, src, off1, imm1)
  return [first, BPF_RAW_INSN(0, 0, 0, off2, imm2)]
}

/** A number is sign-extended to 64 bits; give a bigint for what a number can't hold. */
export function BPF_LD_IMM64_RAW(dst: number, src: number, imm: number | bigint): InsnPair {
  const value = BigInt.asUintN(64, BigInt(imm))
  return BPF_LD_IMM64_RAW_FULL(dst, src, 0, 0, Number(value & 0xffffffffn), Number(value >> 32n))
}

/** A number is sign-extended to 64 bits; give a bigint for what a number can't hold. */
export function BPF_LD_IMM64(dst: number, imm: number | bigint): InsnPair {
  return BPF_LD_IMM64_RAW(dst, 0, imm)
}

/** The address of a map. */
export function BPF_LD_MAP_FD(dst: number, mapFd: number): InsnPair {
  return BPF_LD_IMM64_RAW_FULL(dst, op.BPF_PSEUDO_MAP_FD, 0, 0, mapFd, 0)
}

/** The address of the value of a map's first entry, plus an offset. */
export function BPF_LD_MAP_VALUE(dst: number, mapFd: number, valueOff: number): InsnPair {
  return BPF_LD_IMM64_RAW_FULL(dst, op.BPF_PSEUDO_MAP_VALUE, 0, 0, mapFd, valueOff)
}

// Packet access: `size` is BPF_B, BPF_H or BPF_W

export function BPF_LD_ABS(size: number, imm: number): Insn {
  return BPF_RAW_INSN(op.BPF_LD | BPF_SIZE(size) | op.BPF_ABS, 0, 0, 0, imm)
}

export function BPF_LD_IND(size: number, src: number, imm: number): Insn {
  return BPF_RAW_INSN(op.BPF_LD | BPF_SIZE(size) | op.BPF_IND, 0, src, 0, imm)
}

// Memory: `size` is BPF_B, BPF_H, BPF_W or BPF_DW

export function BPF_LDX_MEM(size: number, dst: number, src: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_LDX | BPF_SIZE(size) | op.BPF_MEM, dst, src, off, 0)
}

export function BPF_LDX_MEMSX(size: number, dst: number, src: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_LDX | BPF_SIZE(size) | op.BPF_MEMSX, dst, src, off, 0)
}

export function BPF_STX_MEM(size: number, dst: number, src: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_STX | BPF_SIZE(size) | op.BPF_MEM, dst, src, off, 0)
}

/** `operation` is BPF_ADD .. BPF_XOR, with or without BPF_FETCH, BPF_XCHG, BPF_CMPXCHG, BPF_LOAD_ACQ, BPF_STORE_REL. */
export function BPF_ATOMIC_OP(size: number, operation: number, dst: number, src: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_STX | BPF_SIZE(size) | op.BPF_ATOMIC, dst, src, off, operation)
}

/** Legacy name of an atomic add. */
export function BPF_STX_XADD(size: number, dst: number, src: number, off: number): Insn {
  return BPF_ATOMIC_OP(size, op.BPF_ADD, dst, src, off)
}

export function BPF_ST_MEM(size: number, dst: number, off: number, imm: number): Insn {
  return BPF_RAW_INSN(op.BPF_ST | BPF_SIZE(size) | op.BPF_MEM, dst, 0, off, imm)
}

/** Kernel-internal: speculation barrier. */
export function BPF_ST_NOSPEC(): Insn {
  return BPF_RAW_INSN(op.BPF_ST | BPF_MODE(op.BPF_NOSPEC), 0, 0, 0, 0)
}

// Jumps: `operation` is BPF_JEQ .. BPF_JSLE; offsets count slots from the next one

export function BPF_JMP_REG(operation: number, dst: number, src: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_JMP | BPF_OP(operation) | op.BPF_X, dst, src, off, 0)
}

export function BPF_JMP_IMM(operation: number, dst: number, imm: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_JMP | BPF_OP(operation) | op.BPF_K, dst, 0, off, imm)
}

export function BPF_JMP32_REG(operation: number, dst: number, src: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_JMP32 | BPF_OP(operation) | op.BPF_X, dst, src, off, 0)
}

export function BPF_JMP32_IMM(operation: number, dst: number, imm: number, off: number): Insn {
  return BPF_RAW_INSN(op.BPF_JMP32 | BPF_OP(operation) | op.BPF_K, dst, 0, off, imm)
}

export function BPF_JMP_A(off: number): Insn {
  return BPF_RAW_INSN(op.BPF_JMP | op.BPF_JA, 0, 0, off, 0)
}

/** `gotol`: 32 bits of offset, in imm. */
export function BPF_JMP32_A(imm: number): Insn {
  return BPF_RAW_INSN(op.BPF_JMP32 | op.BPF_JA, 0, 0, 0, imm)
}

// Calls and exit

/** Call of a subprogram of the same program, `target` slots after the next one. */
export function BPF_CALL_REL(target: number): Insn {
  return BPF_RAW_INSN(op.BPF_JMP | op.BPF_CALL, 0, op.BPF_PSEUDO_CALL, 0, target)
}

/** Call of the helper with that id. */
export function BPF_EMIT_CALL(helper: number): Insn {
  return BPF_RAW_INSN(op.BPF_JMP | op.BPF_CALL, 0, 0, 0, helper)
}

export function BPF_EXIT_INSN(): Insn {
  return BPF_RAW_INSN(op.BPF_JMP | op.BPF_EXIT, 0, 0, 0, 0)
}
