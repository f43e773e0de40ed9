import {
  BPF_ALU,
  BPF_ALU64,
  BPF_DIV,
  BPF_END,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_LDX,
  BPF_MEMSX,
  BPF_MOD,
  BPF_MOV,
  BPF_X,
  type Insn,
} from '@bpfoundry/isa'
import type { Advice } from './blocker.ts'

interface InsnRow {
  readonly is: (insn: Insn) => boolean
  readonly advice: Advice
}

const BPF_JCOND = 0xe0
const OLDER = 'build with -mcpu=v3 (clang then does without this instruction)'

const cls = ({ opcode }: Insn): number => opcode & 0x07
const isAlu = (insn: Insn): boolean => cls(insn) === BPF_ALU || cls(insn) === BPF_ALU64
const operation = ({ opcode }: Insn): number => opcode & 0xf0
const alu = (insn: Insn, code: number): boolean => isAlu(insn) && operation(insn) === code
const isPowerOfTwo = (n: number): boolean => n > 0 && (n & (n - 1)) === 0
const byRegister = ({ opcode }: Insn): boolean => (opcode & BPF_X) !== 0

/** By instruction, the first row that fits. */
// biome-ignore format: table
const ROWS: readonly InsnRow[] = [
  { is: (i) => alu(i, BPF_MOD) && i.off === 1,                              advice: 'the card has no remainders and no signed division: make the operands unsigned, and take x & (n - 1) for a power of two' },
  { is: (i) => alu(i, BPF_MOD) && !byRegister(i) && isPowerOfTwo(i.imm),    advice: ({ insn }) => `the card has no modulo: use x & ${(insn?.imm ?? 1) - 1} instead of x % ${insn?.imm}` },
  { is: (i) => alu(i, BPF_MOD) && !byRegister(i),                           advice: ({ insn }) => `the card has no modulo, but divides unsigned 32-bit numbers by constants: use x - x / ${insn?.imm} * ${insn?.imm}, with x of 32 bits, and keep clang from making a modulo of it again: asm volatile("" : "+r"(quotient)) between the two` },
  { is: (i) => alu(i, BPF_MOD),                                             advice: 'the card has no modulo and divides by constants only: make the table size a power of two known at compile time and use x & (SIZE - 1)' },
  { is: (i) => alu(i, BPF_DIV) && i.off === 1,                              advice: 'the card divides unsigned numbers only: divide the absolute value and negate the result where x < 0' },
  { is: (i) => alu(i, BPF_MOV) && i.off !== 0,                              advice: `sign extension is two shifts on the card: ${OLDER}, or write ((__s64)x << 56) >> 56` },
  { is: (i) => cls(i) === BPF_ALU64 && operation(i) === BPF_END,            advice: `the card swaps bytes by "to big endian" only: ${OLDER}, and use bpf_htons, bpf_htonl or __builtin_bswap64` },
  { is: (i) => cls(i) === BPF_ALU && operation(i) === BPF_END,              advice: 'on little-endian hosts "to little endian" only cuts the number: use a mask, x & 0xffff or x & 0xffffffff' },
  { is: (i) => cls(i) === BPF_LDX && (i.opcode & 0xe0) === BPF_MEMSX,       advice: `loads that extend the sign are unknown to the card: ${OLDER}, or load unsigned and extend by two shifts` },
  { is: (i) => cls(i) === BPF_JMP32 && operation(i) === BPF_JA,             advice: `far jumps are unknown to the card: ${OLDER}; a program that needs them is too long for it anyway` },
  { is: (i) => cls(i) === BPF_JMP && operation(i) === BPF_JCOND,            advice: 'may_goto is unknown to the card: bound the loop by a constant, or unroll it' },
]

const ANY =
  'the card has moves, and, or, xor, add, subtract, multiply, divide by constants, shifts, loads, stores, atomic add and jumps: write it with those, or leave it to the host (XDP_PASS)'

/** What to write instead of an instruction that the card lacks. */
export function insnAdvice(insn: Insn | undefined): Advice {
  if (insn === undefined) return ANY
  return ROWS.find(({ is }) => is(insn))?.advice ?? ANY
}
