/**
 * `bpf_loop(n, callback, context, 0)` becomes a loop of instructions around a call of the callback.
 *
 * @see inline_bpf_loop in kernel/bpf/verifier.c (6.12)
 */
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_CALL_REL,
  BPF_DW,
  BPF_JEQ,
  BPF_JGE,
  BPF_JLE,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_LDX_MEM,
  BPF_MOV32_IMM,
  BPF_MOV64_REG,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_6,
  BPF_REG_7,
  BPF_REG_8,
  BPF_REG_FP,
  BPF_STX_MEM,
} from '@bpfoundry/isa'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { SLOT_BYTES } from '../state/stack-slot.ts'
import { among, type Part } from './relayout.ts'

/** Rounds of bpf_loop, and of may_goto in one frame. @see BPF_MAX_LOOPS in include/linux/bpf.h */
export const MAX_LOOPS: number = 8 * 1024 * 1024

/** Stack that the loop needs: its variables live in callee-saved registers, whose values are kept there. */
export const LOOP_STACK_BYTES: number = 3 * SLOT_BYTES

const [LIMIT, ROUND, CONTEXT] = [BPF_REG_6, BPF_REG_7, BPF_REG_8]
const SAVED: readonly number[] = [LIMIT, ROUND, CONTEXT]

/** `limit > most ? -E2BIG : save, loop while the callback answers 0, restore`: r0 is the number of rounds. */
export function inlineLoop(callbackStart: number, savedAt: number): readonly Part[] {
  const slotOf = (index: number): number => savedAt + index * SLOT_BYTES
  return [
    ...among([
      BPF_JMP_IMM(BPF_JLE, BPF_REG_1, MAX_LOOPS, 2),
      BPF_MOV32_IMM(BPF_REG_0, -ERRNO.E2BIG),
      BPF_JMP_A(16),
      ...SAVED.map((register, index) => BPF_STX_MEM(BPF_DW, BPF_REG_FP, register, slotOf(index))),
      BPF_MOV64_REG(LIMIT, BPF_REG_1),
      BPF_MOV32_IMM(ROUND, 0),
      BPF_MOV64_REG(CONTEXT, BPF_REG_3),
      BPF_JMP_REG(BPF_JGE, ROUND, LIMIT, 5),
      BPF_MOV64_REG(BPF_REG_1, ROUND),
      BPF_MOV64_REG(BPF_REG_2, CONTEXT),
    ]),
    { insn: BPF_CALL_REL(0), to: callbackStart },
    ...among([
      BPF_ALU64_IMM(BPF_ADD, ROUND, 1),
      BPF_JMP_IMM(BPF_JEQ, BPF_REG_0, 0, -6),
      BPF_MOV64_REG(BPF_REG_0, ROUND),
      ...SAVED.map((register, index) => BPF_LDX_MEM(BPF_DW, register, BPF_REG_FP, slotOf(index))),
    ]),
  ]
}
