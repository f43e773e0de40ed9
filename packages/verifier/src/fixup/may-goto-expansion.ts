/**
 * `may_goto` counts down a budget of rounds that its function keeps on the stack.
 *
 * @see do_misc_fixups in kernel/bpf/verifier.c (6.12)
 */
import {
  BPF_ALU64_IMM,
  BPF_DW,
  BPF_JEQ,
  BPF_JMP_IMM,
  BPF_LDX_MEM,
  BPF_REG_AX,
  BPF_REG_FP,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_SUB,
  type Insn,
} from '@bpfoundry/isa'
import { jumpTarget } from '../program/control-flow.ts'
import { MAX_LOOPS } from './loop-inlining.ts'
import { among, type Part } from './relayout.ts'

/** `may_goto +2   ->   r11 = *(u64 *)(r10 - 8); if r11 == 0 goto +2; r11 -= 1; *(u64 *)(r10 - 8) = r11` */
export function expandMayGoto(insn: Insn, pc: number, budgetAt: number): readonly Part[] {
  return [
    { insn: BPF_LDX_MEM(BPF_DW, BPF_REG_AX, BPF_REG_FP, budgetAt) },
    { insn: BPF_JMP_IMM(BPF_JEQ, BPF_REG_AX, 0, 0), to: jumpTarget(insn, pc) },
    ...among([BPF_ALU64_IMM(BPF_SUB, BPF_REG_AX, 1), BPF_STX_MEM(BPF_DW, BPF_REG_FP, BPF_REG_AX, budgetAt)]),
  ]
}

/** What a function with may_goto begins with. */
export function fillBudget(budgetAt: number): readonly Insn[] {
  return [BPF_ST_MEM(BPF_DW, BPF_REG_FP, budgetAt, MAX_LOOPS)]
}
