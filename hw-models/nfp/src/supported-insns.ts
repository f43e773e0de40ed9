import {
  BPF_ABS,
  BPF_ADD,
  BPF_ALU,
  BPF_ALU64,
  BPF_AND,
  BPF_ARSH,
  BPF_ATOMIC,
  BPF_B,
  BPF_CALL,
  BPF_DIV,
  BPF_DW,
  BPF_END,
  BPF_EXIT,
  BPF_H,
  BPF_IMM,
  BPF_IND,
  BPF_JA,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JMP,
  BPF_JMP32,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_LSH,
  BPF_MEM,
  BPF_MOV,
  BPF_MUL,
  BPF_NEG,
  BPF_OR,
  BPF_RSH,
  BPF_ST,
  BPF_STX,
  BPF_SUB,
  BPF_TO_BE,
  BPF_W,
  BPF_X,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'

interface OpcodeRow {
  readonly classes: readonly number[]
  readonly codes: readonly number[]
  /** Source bits, sizes or modes, or-ed in. */
  readonly variants: readonly number[]
}

/** Opcodes that the driver translates: classes x codes x variants. @see instr_cb in nfp/bpf/jit.c */
// biome-ignore format: table
const OPCODE_ROWS: readonly OpcodeRow[] = [
  { classes: [BPF_ALU64, BPF_ALU], codes: [BPF_MOV, BPF_XOR, BPF_AND, BPF_OR, BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_LSH, BPF_RSH, BPF_ARSH], variants: [BPF_K, BPF_X] },
  { classes: [BPF_ALU64, BPF_ALU], codes: [BPF_NEG],                                                                                          variants: [BPF_K] },
  { classes: [BPF_ALU],            codes: [BPF_END],                                                                                          variants: [BPF_TO_BE] },
  { classes: [BPF_LD],             codes: [BPF_IMM],                                                                                          variants: [BPF_DW] },
  { classes: [BPF_LD],             codes: [BPF_ABS, BPF_IND],                                                                                 variants: [BPF_B, BPF_H, BPF_W] },
  { classes: [BPF_LDX, BPF_STX, BPF_ST], codes: [BPF_MEM],                                                                                    variants: [BPF_B, BPF_H, BPF_W, BPF_DW] },
  { classes: [BPF_STX],            codes: [BPF_ATOMIC],                                                                                       variants: [BPF_W, BPF_DW] },
  { classes: [BPF_JMP, BPF_JMP32], codes: [BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET, BPF_JNE], variants: [BPF_K, BPF_X] },
  { classes: [BPF_JMP],            codes: [BPF_JA, BPF_CALL, BPF_EXIT],                                                                       variants: [BPF_K] },
]

const SUPPORTED: ReadonlySet<number> = new Set(
  OPCODE_ROWS.flatMap(({ classes, codes, variants }) =>
    classes.flatMap((cls) => codes.flatMap((code) => variants.map((variant) => cls | code | variant))),
  ),
)

/** Instructions whose `off` makes them another one that the card lacks: signed division, sign-extending move. */
const OFF_MUST_BE_ZERO: ReadonlySet<number> = new Set(
  [BPF_ALU64, BPF_ALU].flatMap((cls) => [BPF_K, BPF_X].flatMap((src) => [cls | BPF_DIV | src, cls | BPF_MOV | src])),
)

/** Whether the card's translator knows the instruction. */
export function isSupportedInsn(insn: Insn): boolean {
  return SUPPORTED.has(insn.opcode) && (insn.off === 0 || !OFF_MUST_BE_ZERO.has(insn.opcode))
}
