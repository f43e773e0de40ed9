import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_ARSH,
  BPF_DIV,
  BPF_EXIT_INSN,
  BPF_JA,
  BPF_JMP_IMM,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_LSH,
  BPF_MOD,
  BPF_MOV,
  BPF_MUL,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_10,
  BPF_RSH,
  BPF_ST_MEM,
  BPF_STX_XADD,
  BPF_SUB,
  type Insn,
} from '@bpfoundry/isa'

/** BPF_MAXINSNS of include/uapi/linux/bpf_common.h. */
export const MAXIMUM_INSNS = 4096

const repeat = (count: number, insn: Insn): readonly Insn[] => new Array<Insn>(count).fill(insn)
const jump = (off: number): Insn => BPF_JMP_IMM(BPF_JA, 0, 0, off)
const setR0 = (value: number): Insn => BPF_ALU32_IMM(BPF_MOV, BPF_REG_0, value)

/** To the last instruction and back to the second, over moves that must not run. */
export function jumpToTheEndAndBack(): readonly Insn[] {
  const skipped = repeat(MAXIMUM_INSNS - 5, setR0(0xfefe_fefe))
  const head = [jump(MAXIMUM_INSNS - 2), setR0(0xcbab_abab), BPF_EXIT_INSN()]
  return [...head, ...skipped, BPF_EXIT_INSN(), jump(1 - MAXIMUM_INSNS)]
}

/** Jumps to and fro between the ends, nearer each time, to the middle; from there to the exit. */
export function jumpsInwards(): readonly Insn[] {
  const jumps = MAXIMUM_INSNS - 2
  const middle = jumps / 2
  const distance = (slot: number): number => {
    if (slot === middle) return middle - 1
    return (slot < middle ? jumps - 2 : jumps - 1) - 2 * slot
  }
  const head = Array.from({ length: jumps }, (_, slot) => jump(distance(slot)))
  return [...head, setR0(0xabab_abac), BPF_EXIT_INSN()]
}

const COUNTER = -40

/** Atomic additions of 1 to a cell of the stack. @param size BPF_W, BPF_DW */
export function atomicAdditions(size: number): readonly Insn[] {
  return [
    setR0(1),
    BPF_ST_MEM(size, BPF_REG_10, COUNTER, 42),
    ...repeat(MAXIMUM_INSNS - 4, BPF_STX_XADD(size, BPF_REG_10, BPF_REG_0, COUNTER)),
    BPF_LDX_MEM(size, BPF_REG_0, BPF_REG_10, COUNTER),
    BPF_EXIT_INSN(),
  ]
}

/** What machine code of many instructions is made of. */
const COSTLY = [BPF_LSH, BPF_RSH, BPF_ARSH, BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_MOD]
const FARTHEST_JUMP = 0x7fff

/**
 * The farthest jump that fits an offset, over operations that take much machine code: a back end may need another form
 * for it. r0 is 1 where it jumps.
 */
export function farthestJump(operation: number, imm: number): readonly Insn[] {
  const insns: Insn[] = [
    ...BPF_LD_IMM64(BPF_REG_1, 0x0123_4567_89ab_cdefn),
    BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 1),
    BPF_JMP_IMM(operation, BPF_REG_0, imm, FARTHEST_JUMP),
    BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 2),
    BPF_EXIT_INSN(),
  ]
  for (let slot = insns.length; slot < FARTHEST_JUMP + 4; slot++) {
    const costly = COSTLY[(slot >> 1) % COSTLY.length] as number
    insns.push((slot & 1 ? BPF_ALU32_REG : BPF_ALU64_REG)(costly, BPF_REG_0, BPF_REG_1))
  }
  return [...insns, BPF_EXIT_INSN()]
}
