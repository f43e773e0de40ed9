/**
 * `bpf_rbtree_add_impl(root, node, less)` becomes a loop of instructions around a call of the callback: a function goes down
 * the tree a step at a time, the program compares.
 *
 * @see __bpf_rbtree_add in kernel/bpf/helpers.c (6.12)
 */
import {
  BPF_CALL_REL,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_JEQ,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_6,
  BPF_REG_7,
  BPF_REG_8,
  BPF_REG_FP,
  BPF_STX_MEM,
} from '@bpfoundry/isa'
import { FIX_UP_FUNCTIONS } from '@bpfoundry/kernel-abi'
import { SLOT_BYTES } from '../state/stack-slot.ts'
import { among, type Part } from './relayout.ts'

const [ROOT, NODE, PARENT] = [BPF_REG_6, BPF_REG_7, BPF_REG_8]
const SAVED: readonly number[] = [ROOT, NODE, PARENT]

/** The object that is put in: where it is described, and where in it the links are. */
export interface InsertedObject {
  readonly description: number
  readonly nodeOffsetBytes: number
}

/**
 * `save, begin, loop: the next node to compare with, until there is none, restore`: r0 is 0, or what the beginning failed
 * with.
 *
 * @param savedAt offset from the frame pointer of three slots
 */
export function insertIntoTree(lessStart: number, object: InsertedObject, savedAt: number): readonly Part[] {
  const slotOf = (index: number): number => savedAt + index * SLOT_BYTES
  return [
    ...among([
      ...SAVED.map((register, index) => BPF_STX_MEM(BPF_DW, BPF_REG_FP, register, slotOf(index))),
      BPF_MOV64_REG(ROOT, BPF_REG_1),
      BPF_MOV64_REG(NODE, BPF_REG_2),
      BPF_MOV64_REG(BPF_REG_1, NODE),
      ...BPF_LD_IMM64(BPF_REG_2, BigInt(object.description)),
      BPF_MOV64_IMM(BPF_REG_3, object.nodeOffsetBytes),
      BPF_EMIT_CALL(FIX_UP_FUNCTIONS.treeAddBegin),
      BPF_JMP_IMM(BPF_JNE, BPF_REG_0, 0, 12),
      BPF_MOV64_IMM(PARENT, 0),
      BPF_MOV64_REG(BPF_REG_1, ROOT),
      BPF_MOV64_REG(BPF_REG_2, NODE),
      BPF_MOV64_REG(BPF_REG_3, PARENT),
      BPF_MOV64_REG(BPF_REG_4, BPF_REG_0),
      BPF_EMIT_CALL(FIX_UP_FUNCTIONS.treeAddStep),
      BPF_JMP_IMM(BPF_JEQ, BPF_REG_0, 0, 5),
      BPF_MOV64_REG(PARENT, BPF_REG_0),
      BPF_MOV64_REG(BPF_REG_1, NODE),
      BPF_MOV64_REG(BPF_REG_2, PARENT),
    ]),
    { insn: BPF_CALL_REL(0), to: lessStart },
    ...among([
      BPF_JMP_A(-11),
      ...SAVED.map((register, index) => BPF_LDX_MEM(BPF_DW, register, BPF_REG_FP, slotOf(index))),
    ]),
  ]
}
