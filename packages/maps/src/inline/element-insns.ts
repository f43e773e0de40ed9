/** An element written by an update, and what an update keeps on its stack. */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ATOMIC_OP,
  BPF_DW,
  BPF_LDX_MEM,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_REG_FP,
  BPF_STORE_REL,
  BPF_STX_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { type HashGeometry, INSERTIONS } from '../hash-table.ts'
import { copy } from './byte-insns.ts'
import type { Steps } from './insn-sequence.ts'

const [R0, R1, R2, R3, R4, R5] = [BPF_REG_0, BPF_REG_1, BPF_REG_2, BPF_REG_3, BPF_REG_4, BPF_REG_5]

/** What is kept on the stack: offsets from r10. */
const KEPT = { key: -8, value: -16, flags: -24, hash: -32, stripe: -40, old: -48, link: -56, ownSlot: -64 } as const

export const keep = (register: number, what: keyof typeof KEPT): Insn =>
  BPF_STX_MEM(BPF_DW, BPF_REG_FP, register, KEPT[what])
export const recall = (register: number, what: keyof typeof KEPT): Insn =>
  BPF_LDX_MEM(BPF_DW, register, BPF_REG_FP, KEPT[what])

/** A word of memory + 1; the new number stays in `t`. */
export function increment(base: number, offset: number, t: number): Insn[] {
  return [BPF_LDX_MEM(BPF_W, t, base, offset), BPF_ALU32_IMM(BPF_ADD, t, 1), BPF_STX_MEM(BPF_W, base, t, offset)]
}

/** Key, if it is not the tag, and value into the element in r2; r0, r3 and r5 are used up. */
export function fill(geometry: HashGeometry, valueBytes: number, name: string): Steps {
  const { keyOffset, tagOffset, keyBytes, valueOffset } = geometry
  const key = [recall(R3, 'key'), copy([R2, keyOffset], R3, keyBytes, R0, { name: `${name} key`, counter: R5 })]
  return [
    tagOffset === keyOffset ? [] : key,
    recall(R3, 'value'),
    copy([R2, valueOffset], R3, valueBytes, R0, { name: `${name} value`, counter: R5 }),
  ]
}

/** Number of the insertion, and then the tag (the hash is r4), into the element in r2; r1 is the stripe, r3 is used up. */
export function stamp({ tagOffset, keyOffset, sequenceOffset }: HashGeometry): Insn[] {
  const key = [recall(R3, 'key'), BPF_LDX_MEM(BPF_W, R3, R3, 0)]
  const [load, tag] = tagOffset === keyOffset ? [key, R3] : [[], R4]
  return [
    ...increment(R1, INSERTIONS * 4, R3),
    BPF_STX_MEM(BPF_W, R2, R3, sequenceOffset),
    ...load,
    BPF_ATOMIC_OP(BPF_W, BPF_STORE_REL, R2, tag, tagOffset),
  ]
}
