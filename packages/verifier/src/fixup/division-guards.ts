/**
 * Guards around division and modulo, so that no processor's instruction for it can trap: by a register that may hold 0,
 * and, signed, by -1 as well. The results are those of RFC 9669: x / 0 = 0, x % 0 = x, and signed x / -1 = -x, x % -1 = 0.
 *
 * @see do_misc_fixups in kernel/bpf/verifier.c (6.12)
 */
import {
  BPF_ADD,
  BPF_ALU,
  BPF_ALU32_REG,
  BPF_ALU64,
  BPF_DIV,
  BPF_JEQ,
  BPF_JGT,
  BPF_JMP,
  BPF_JMP_A,
  BPF_JMP32,
  BPF_JNE,
  BPF_K,
  BPF_MOD,
  BPF_MOV,
  BPF_MOV32_IMM,
  BPF_MOV32_REG,
  BPF_MOV64_REG,
  BPF_NEG,
  BPF_REG_AX,
  BPF_X,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'

/** In `off`: the operands are signed. */
const SIGNED = 1

/** Comparisons and operations of the width of the division. */
interface Width {
  readonly is64: boolean
  readonly alu: (operation: number, dst: number, imm: number) => Insn
  readonly jump: (condition: number, dst: number, imm: number, off: number) => Insn
}

function widthOf(is64: boolean): Width {
  const [aluClass, jumpClass] = is64 ? [BPF_ALU64, BPF_JMP] : [BPF_ALU, BPF_JMP32]
  return {
    is64,
    alu: (operation, dst, imm) => ({ opcode: aluClass | operation | BPF_K, dst, src: 0, off: 0, imm }),
    jump: (condition, dst, imm, off) => ({ opcode: jumpClass | condition | BPF_K, dst, src: 0, off, imm }),
  }
}

type Guard = (insn: Insn, width: Width) => readonly Insn[]

/** The upper half of a number of 32 bits that stays as it is becomes 0. */
const zeroExtension = ({ dst }: Insn, { is64 }: Width): readonly Insn[] =>
  is64 ? [] : [BPF_JMP_A(1), BPF_MOV32_REG(dst, dst)]

/** `if r2 != 0 goto +2; w1 ^= w1; goto +1; r1 /= r2` */
const division: Guard = (insn, { jump }) => [
  jump(BPF_JNE, insn.src, 0, 2),
  BPF_ALU32_REG(BPF_XOR, insn.dst, insn.dst),
  BPF_JMP_A(1),
  insn,
]

/** `if r2 == 0 goto +1; r1 %= r2` */
const modulo: Guard = (insn, width) => [
  width.jump(BPF_JEQ, insn.src, 0, width.is64 ? 1 : 2),
  insn,
  ...zeroExtension(insn, width),
]

/** r11 = divisor + 1: 0 for -1, 1 for 0, unsigned more for all others. */
const shiftedDivisor = ({ src }: Insn, { alu }: Width): readonly Insn[] => [
  BPF_MOV64_REG(BPF_REG_AX, src),
  alu(BPF_ADD, BPF_REG_AX, 1),
]

/** `if r11 > 1 goto divide; if r11 == 0 goto +1; r1 = 0; r1 = -r1; goto +1; divide: r1 s/= r2` */
const signedDivision: Guard = (insn, width) => [
  ...shiftedDivisor(insn, width),
  width.jump(BPF_JGT, BPF_REG_AX, 1, 4),
  width.jump(BPF_JEQ, BPF_REG_AX, 0, 1),
  width.alu(BPF_MOV, insn.dst, 0),
  width.alu(BPF_NEG, insn.dst, 0),
  BPF_JMP_A(1),
  insn,
]

/** `if r11 > 1 goto modulo; if r11 == 1 goto end; w1 = 0; goto end; modulo: r1 s%= r2` */
const signedModulo: Guard = (insn, width) => [
  ...shiftedDivisor(insn, width),
  width.jump(BPF_JGT, BPF_REG_AX, 1, 3),
  width.jump(BPF_JEQ, BPF_REG_AX, 1, width.is64 ? 3 : 4),
  BPF_MOV32_IMM(insn.dst, 0),
  BPF_JMP_A(1),
  insn,
  ...zeroExtension(insn, width),
]

/** By -1, which is known: negation, or 0. */
const negation: Guard = ({ dst }, { alu }) => [alu(BPF_NEG, dst, 0)]
const zero: Guard = ({ dst }) => [BPF_MOV32_IMM(dst, 0)]

interface Guards {
  readonly unsigned: Guard
  readonly signed: Guard
  readonly byMinusOne: Guard
}

// biome-ignore format: table
const GUARDS: ReadonlyMap<number, Guards> = new Map<number, Guards>([
  [BPF_DIV, { unsigned: division, signed: signedDivision, byMinusOne: negation }],
  [BPF_MOD, { unsigned: modulo,   signed: signedModulo,   byMinusOne: zero }],
])

/** What stands for a division or modulo; undefined where the instruction is none, or can't trap. */
export function guardDivision(insn: Insn): readonly Insn[] | undefined {
  const insnClass = insn.opcode & 0x07
  if (insnClass !== BPF_ALU && insnClass !== BPF_ALU64) return undefined
  const guards = GUARDS.get(insn.opcode & 0xf0)
  if (guards === undefined) return undefined
  const width = widthOf(insnClass === BPF_ALU64)
  if ((insn.opcode & BPF_X) !== 0) return (insn.off === SIGNED ? guards.signed : guards.unsigned)(insn, width)
  return insn.off === SIGNED && insn.imm === -1 ? guards.byMinusOne(insn, width) : undefined
}
