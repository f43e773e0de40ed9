import {
  BPF_ALU64_IMM,
  BPF_EXIT_INSN,
  BPF_JLT,
  BPF_JMP_IMM,
  BPF_JMP32_A,
  BPF_JMP32_IMM,
  BPF_JNE,
  BPF_MOV64_IMM,
  BPF_SUB,
  type Insn,
} from '@bpfoundry/isa'

/** What a socket filter tells about a kernel by loading there. */
export interface MiscFeature {
  /** As bpftool's JSON has it, behind `have_`. */
  readonly name: string
  readonly text: string
  readonly insns: readonly Insn[]
}

/** BPF_MAXINSNS: what programs were limited to. */
const OLD_LONGEST = 4096

/** A jump that is not taken, or is: `r0 = 0; if r0 < 0 goto +1; r0 = 1; exit`. */
const around = (jump: Insn): readonly Insn[] => [BPF_MOV64_IMM(0, 0), jump, BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN()]

/** Those that bpftool asks about, v4 as its newest versions do. @see tools/bpf/bpftool/feature.c */
// biome-ignore format: table
export const MISC_FEATURES: readonly MiscFeature[] = [
  { name: 'large_insn_limit', text: 'Large program size limit', insns: [...new Array<Insn>(OLD_LONGEST).fill(BPF_MOV64_IMM(0, 1)), BPF_EXIT_INSN()] },
  { name: 'bounded_loops',    text: 'Bounded loop support',     insns: [BPF_MOV64_IMM(0, 10), BPF_ALU64_IMM(BPF_SUB, 0, 1), BPF_JMP_IMM(BPF_JNE, 0, 0, -2), BPF_EXIT_INSN()] },
  { name: 'v2_isa_extension', text: 'ISA extension v2',         insns: around(BPF_JMP_IMM(BPF_JLT, 0, 0, 1)) },
  { name: 'v3_isa_extension', text: 'ISA extension v3',         insns: around(BPF_JMP32_IMM(BPF_JLT, 0, 0, 1)) },
  { name: 'v4_isa_extension', text: 'ISA extension v4',         insns: [BPF_MOV64_IMM(0, 0), BPF_JMP32_A(1), BPF_JMP32_A(1), BPF_JMP32_A(-2), BPF_EXIT_INSN()] },
]
