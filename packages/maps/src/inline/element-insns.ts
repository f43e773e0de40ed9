/** An element written by an update, and what an update keeps on its stack. */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_DW,
  BPF_LDX_MEM,
  BPF_MOV32_REG,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_REG_FP,
  BPF_STX_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { type HashGeometry, INSERTIONS } from '../hash-table.ts'
import { copy } from './byte-insns.ts'
import type { Steps } from './insn-sequence.ts'
import { storeRelease } from './lock-insns.ts'

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

/** Value into the element in r2; r0, r3 and r5 are used up. */
export function fill({ valueOffset }: HashGeometry, valueBytes: number, name: string): Steps {
  return [recall(R3, 'value'), copy([R2, valueOffset], R3, valueBytes, R0, { name: `${name} value`, counter: R5 })]
}

/** Number of the insertion at `number`, an address and an offset; r1 is the stripe, r3 is used up. */
export function countInsertion([base, offset]: readonly [base: number, offset: number]): Insn[] {
  return [...increment(R1, INSERTIONS * 4, R3), BPF_STX_MEM(BPF_W, base, R3, offset)]
}

/** r3 = what readers know an element by: the key, or the hash, which is r4. */
export function loadTag({ tagOffset, keyOffset }: HashGeometry): Insn[] {
  return tagOffset === keyOffset ? [recall(R3, 'key'), BPF_LDX_MEM(BPF_W, R3, R3, 0)] : [BPF_MOV32_REG(R3, R4)]
}

/** The key, unless it is the tag, to `place`, an address and an offset; r0 and r3 are used up. */
export function fillKey(
  { tagOffset, keyOffset, keyBytes }: HashGeometry,
  place: readonly [number, number],
  name: string,
): Steps {
  if (tagOffset === keyOffset) return []
  return [recall(R3, 'key'), copy(place, R3, keyBytes, R0, { name: `${name} key`, counter: R5 })]
}

/**
 * Key, number of the insertion, and then the tag into the element of a chain in r2; r1 is the stripe, r4 the hash. r0, r3
 * and r5 are used up.
 */
export function stamp(geometry: HashGeometry, name: string): Steps {
  const { tagOffset, keyOffset, sequenceOffset } = geometry
  return [
    fillKey(geometry, [R2, keyOffset], name),
    countInsertion([R2, sequenceOffset]),
    loadTag(geometry),
    storeRelease(R2, R3, tagOffset),
  ]
}
