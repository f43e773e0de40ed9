/** Programs whose run time is measured: the four of the comparison with other engines. */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_AND,
  BPF_B,
  BPF_ENDIAN,
  BPF_EXIT_INSN,
  BPF_H,
  BPF_JEQ,
  BPF_JGT,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JNE,
  BPF_LDX_MEM,
  BPF_LSH,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_MUL,
  BPF_OR,
  BPF_RSH,
  BPF_SUB,
  BPF_TO_BE,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'

/** A program to measure; r1 is the guest address of its packet, r2 after the first instructions its end. */
export interface BenchProgram {
  readonly name: string
  readonly insns: (packet: number, lengthBytes: number) => readonly Insn[]
}

const trivial = (): readonly Insn[] => [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]

/** 10,000 turns of 10 instructions: the usual mix of 64- and 32-bit arithmetic. */
const aluLoop = (): readonly Insn[] => [
  BPF_MOV64_IMM(0, 0),
  BPF_MOV64_IMM(1, 10_000),
  BPF_MOV64_IMM(2, 7),
  BPF_ALU64_REG(BPF_ADD, 0, 2),
  BPF_ALU64_REG(BPF_XOR, 2, 0),
  BPF_ALU64_IMM(BPF_LSH, 2, 3),
  BPF_MOV64_REG(4, 2),
  BPF_ALU64_IMM(BPF_MUL, 4, 31),
  BPF_ALU32_IMM(BPF_AND, 4, 255),
  BPF_ALU64_REG(BPF_SUB, 0, 4),
  BPF_ALU32_IMM(BPF_ADD, 2, 5),
  BPF_ALU64_IMM(BPF_ADD, 1, -1),
  BPF_JMP_IMM(BPF_JNE, 1, 0, -10),
  BPF_EXIT_INSN(),
]

/** Ethernet, IPv4 and UDP headers with bounds checks; answers the destination port. */
const parser = (packet: number, lengthBytes: number): readonly Insn[] => [
  BPF_MOV64_IMM(2, packet),
  BPF_MOV64_IMM(3, packet + lengthBytes),
  BPF_MOV64_IMM(0, 1),
  BPF_MOV64_REG(4, 2),
  BPF_ALU64_IMM(BPF_ADD, 4, 42),
  BPF_JMP_REG(BPF_JGT, 4, 3, 11),
  BPF_LDX_MEM(BPF_H, 5, 2, 12),
  BPF_JMP_IMM(BPF_JNE, 5, 0x0008, 9),
  BPF_LDX_MEM(BPF_B, 5, 2, 14),
  BPF_ALU64_IMM(BPF_AND, 5, 15),
  BPF_JMP_IMM(BPF_JNE, 5, 5, 6),
  BPF_LDX_MEM(BPF_B, 5, 2, 23),
  BPF_JMP_IMM(BPF_JNE, 5, 17, 4),
  BPF_LDX_MEM(BPF_W, 6, 2, 26),
  BPF_LDX_MEM(BPF_H, 0, 2, 36),
  BPF_ENDIAN(BPF_TO_BE, 0, 16),
  BPF_JMP_A(0),
  BPF_EXIT_INSN(),
]

/** Internet checksum over the packet, 2 bytes a turn: 5 instructions each, unrolled by nothing. */
const checksum = (packet: number, lengthBytes: number): readonly Insn[] => [
  BPF_MOV64_IMM(2, packet),
  BPF_MOV64_IMM(3, packet + lengthBytes),
  BPF_MOV64_IMM(0, 0),
  BPF_LDX_MEM(BPF_H, 4, 2, 0),
  BPF_ALU64_REG(BPF_ADD, 0, 4),
  BPF_ALU64_IMM(BPF_ADD, 2, 2),
  BPF_JMP_REG(BPF_JNE, 2, 3, -4),
  BPF_MOV64_REG(4, 0),
  BPF_ALU64_IMM(BPF_RSH, 4, 16),
  BPF_ALU32_IMM(BPF_AND, 0, 0xffff),
  BPF_ALU32_REG(BPF_ADD, 0, 4),
  BPF_JMP_IMM(BPF_JEQ, 0, 0, 1),
  BPF_ALU64_IMM(BPF_OR, 0, 0),
  BPF_EXIT_INSN(),
]

export const BENCH_PROGRAMS: readonly BenchProgram[] = [
  { name: 'trivial', insns: trivial },
  { name: 'ALU loop', insns: aluLoop },
  { name: 'packet parser', insns: parser },
  { name: 'checksum 1500 B', insns: checksum },
]
