/**
 * Look-up in hash maps of all kinds: r2 is the key's address.
 *
 * The way of a hit is straight: the hash, the line (or the head of the chain, and the element). An empty chain is a miss. Only
 * who came to the end of a chain asks whether a writer was at work meanwhile; then the helper decides.
 */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_AND,
  BPF_ARSH,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JMP32_IMM,
  BPF_JMP32_REG,
  BPF_JNE,
  BPF_JSET,
  BPF_LDX_MEM,
  BPF_LSH,
  BPF_MOV32_REG,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_NEG,
  BPF_OR,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_REG_FP,
  BPF_RSH,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_SUB,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { STRIPE_BYTES } from '../hash-plan.ts'
import type { HashGeometry } from '../hash-table.ts'
import { type LineLayout, SLOT_STRIDE_BYTES, TAG_OFFSET, TAG_STRIDE_BYTES } from '../line-layout.ts'
import { MARK } from '../lru-clock.ts'
import { multiply } from './array-insns.ts'
import { jumpUnlessEqual } from './byte-insns.ts'
import { answer, type CpuFields, callHelper } from './inline-call.ts'
import { jump, label, type Steps, sequence } from './insn-sequence.ts'
import { HASH_REGISTER, keyHash } from './key-hash-insns.ts'
import { loadAcquire } from './lock-insns.ts'
import { addCpuStride } from './percpu-array-insns.ts'

const [R0, R1, R2, R3, R4, R5] = [BPF_REG_0, BPF_REG_1, BPF_REG_2, BPF_REG_3, BPF_REG_4, BPF_REG_5]
const SEEN = -8

/** register (a copy of the hash) = address of the chain's head, with which a line begins. */
export function headOf(register: number, { headMask, headBytes, heads }: HashGeometry): Insn[] {
  return [
    BPF_ALU32_IMM(BPF_AND, register, headMask),
    multiply(register, headBytes),
    BPF_ALU32_IMM(BPF_ADD, register, heads),
  ]
}

/** register (a copy of the hash) = address of the stripe's lock word. */
export function stripeOf(register: number, { stripeMask, stripes }: HashGeometry): Insn[] {
  return [
    BPF_ALU32_IMM(BPF_AND, register, stripeMask),
    multiply(register, STRIPE_BYTES),
    BPF_ALU32_IMM(BPF_ADD, register, stripes),
  ]
}

/** register (a copy of the head's address) = address of the stripe's lock word. */
function stripeOfHead(register: number, geometry: HashGeometry): Insn[] {
  return [
    BPF_ALU32_IMM(BPF_SUB, register, geometry.heads),
    BPF_ALU32_IMM(BPF_RSH, register, Math.log2(geometry.headBytes)),
    ...stripeOf(register, geometry),
  ]
}

const tagIsKey = ({ tagOffset, keyOffset }: HashGeometry): boolean => tagOffset === keyOffset

/** register = what tells the 4-byte key at r2 from all others: the key, together with its hash where that lies before it. */
export function wordTag(register: number, geometry: HashGeometry): Insn[] {
  const key = BPF_LDX_MEM(BPF_W, register, R2, 0)
  return tagIsKey(geometry)
    ? [key]
    : [key, BPF_ALU64_IMM(BPF_LSH, register, 32), BPF_ALU64_REG(BPF_OR, register, HASH_REGISTER)]
}

/** register = the same of the element at `element`. */
export function loadWordTag(register: number, element: number, geometry: HashGeometry): Insn {
  return BPF_LDX_MEM(tagIsKey(geometry) ? BPF_W : BPF_DW, register, element, geometry.tagOffset)
}

/** What becomes of the element in r0. */
export type Found = (geometry: HashGeometry) => Steps

/** Address of the value in the element. */
export const valueOfElement: Found = ({ valueOffset }) => [BPF_ALU64_IMM(BPF_ADD, R0, valueOffset)]

/** Address of the CPU's value. */
export function valueOfCpu(cpuStrideBytes: number, cpu: CpuFields): Found {
  return ({ valueOffset }) => [BPF_LDX_MEM(BPF_W, R0, R0, valueOffset), addCpuStride(cpuStrideBytes, cpu)]
}

/** Spares the element when the clock's hand comes by, then does the rest. */
export function marked(rest: Found): Found {
  return (geometry) => [
    BPF_LDX_MEM(BPF_W, R1, R0, MARK * 4),
    jump(BPF_JMP32_IMM(BPF_JNE, R1, 0, 0), 'marked'),
    BPF_ST_MEM(BPF_W, R0, MARK * 4, 1),
    label('marked'),
    rest(geometry),
  ]
}

/** register (a copy of the hash) = the preferred slot's number times the bytes from one slot to the next. */
export function preferredSlotOf(register: number, { preferenceBits }: LineLayout, strideBytes: number): Insn[] {
  const scale = Math.log2(strideBytes)
  return [
    BPF_ALU32_IMM(BPF_RSH, register, 32 - preferenceBits - scale),
    BPF_ALU32_IMM(BPF_AND, register, (2 ** preferenceBits - 1) * strideBytes),
  ]
}

/** tag = that of the slot in `slot`, in strides of tags, which then is the slot's element. */
function loadTagAt(slot: number, line: number, tag: number): Insn[] {
  return [
    BPF_MOV64_REG(tag, slot),
    BPF_ALU64_REG(BPF_ADD, tag, line),
    BPF_LDX_MEM(BPF_W, tag, tag, TAG_OFFSET),
    multiply(slot, SLOT_STRIDE_BYTES / TAG_STRIDE_BYTES),
    BPF_ALU64_REG(BPF_ADD, slot, line),
  ]
}

/**
 * count = the number of slots of the line that lie before the one with the tag (32 bits) in `tag`: all, if none has it. No
 * branch decides it, for nothing could predict it: `open` is -1 as long as none had the tag, 0 from then on.
 */
function countSlotsBefore(
  line: number,
  tag: number,
  [count, open, t]: readonly [number, number, number],
  slots: number,
): Steps {
  return Array.from({ length: slots }, (_, slot): Steps => {
    const first = slot === 0
    const differs = first ? open : t
    return [
      // In order: a writer puts an element that it moves to the right before it takes it out on the left.
      loadAcquire(differs, line, TAG_OFFSET + slot * TAG_STRIDE_BYTES),
      BPF_ALU64_REG(BPF_XOR, differs, tag),
      BPF_ALU64_IMM(BPF_NEG, differs, 0),
      BPF_ALU64_IMM(BPF_ARSH, differs, 63),
      first ? [BPF_MOV64_IMM(count, 0)] : [BPF_ALU64_REG(BPF_AND, open, t)],
      BPF_ALU64_REG(BPF_SUB, count, open),
    ]
  })
}

/** The line at r4 for a key that is the tag, in r1; r0 is the preferred slot. r3 and r5 are used up. */
function wordInLine({ slots }: LineLayout): Steps {
  return [
    loadTagAt(R0, R4, R3),
    jump(BPF_JMP_REG(BPF_JEQ, R3, R1, 0), 'hit'),
    countSlotsBefore(R4, R1, [R0, R5, R3], slots),
    jump(BPF_JMP32_IMM(BPF_JEQ, R0, slots, 0), 'not in line'),
    multiply(R0, SLOT_STRIDE_BYTES),
    BPF_ALU64_REG(BPF_ADD, R0, R4),
    jump(BPF_JMP_A(0), 'hit'),
    label('not in line'),
  ]
}

/** The walk for a 4-byte key: r1 is the tag, r4 the head's address. A chain without it is walked twice. */
function wordWalk(geometry: HashGeometry): Steps {
  const step: Steps = [
    loadWordTag(R3, R0, geometry),
    jump(BPF_JMP_REG(BPF_JEQ, R3, R1, 0), 'hit'),
    BPF_LDX_MEM(BPF_W, R0, R0, 0),
  ]
  return [
    wordTag(R1, geometry),
    geometry.line ? [BPF_MOV32_REG(R0, R4), preferredSlotOf(R0, geometry.line, TAG_STRIDE_BYTES)] : [],
    headOf(R4, geometry),
    geometry.line ? wordInLine(geometry.line) : [],
    BPF_LDX_MEM(BPF_W, R0, R4, 0),
    jump(BPF_JMP_IMM(BPF_JEQ, R0, 0, 0), 'miss'),
    label('walk'),
    step,
    jump(BPF_JMP_IMM(BPF_JNE, R0, 0, 0), 'walk'),
    // Not there, unless a writer led the walk astray: once more, between two looks at the stripe's word.
    BPF_MOV32_REG(R5, R4),
    stripeOfHead(R5, geometry),
    loadAcquire(R5, R5),
    jump(BPF_JMP32_IMM(BPF_JSET, R5, 1, 0), 'helper'),
    BPF_LDX_MEM(BPF_W, R0, R4, 0),
    label('walk again'),
    jump(BPF_JMP_IMM(BPF_JEQ, R0, 0, 0), 'end'),
    step,
    jump(BPF_JMP_A(0), 'walk again'),
    label('end'),
    BPF_MOV32_REG(R3, R4),
    stripeOfHead(R3, geometry),
    loadAcquire(R3, R3),
    jump(BPF_JMP32_REG(BPF_JNE, R3, R5, 0), 'helper'),
  ]
}

/** The line at r0 for another key, r1 being the hash, r4 the preferred slot; r3 and r5 are used up. */
function bytesInLine({ keyBytes }: HashGeometry, { slots, slotKeyOffset }: LineLayout): Steps {
  return [
    loadTagAt(R4, R0, R3),
    jump(BPF_JMP32_REG(BPF_JEQ, R3, R1, 0), 'in slot'),
    countSlotsBefore(R0, R1, [R4, R5, R3], slots),
    jump(BPF_JMP32_IMM(BPF_JEQ, R4, slots, 0), 'not in line'),
    multiply(R4, SLOT_STRIDE_BYTES),
    BPF_ALU64_REG(BPF_ADD, R4, R0),
    label('in slot'),
    BPF_MOV64_REG(R0, R4),
    // Another key of the same hash, as good as never, may stand before the one that is looked for.
    jumpUnlessEqual(R0, slotKeyOffset, R2, keyBytes, [R3, R4], 'helper'),
    jump(BPF_JMP_A(0), 'hit'),
    label('not in line'),
  ]
}

/** The walk for other keys: r4 is the hash. A chain is walked between two looks at the stripe's word. */
function bytesWalk(geometry: HashGeometry): Steps {
  const { tagOffset, keyOffset, keyBytes } = geometry
  return [
    BPF_MOV32_REG(R1, R4),
    BPF_MOV32_REG(R0, R4),
    headOf(R0, geometry),
    geometry.line ? preferredSlotOf(R4, geometry.line, TAG_STRIDE_BYTES) : [],
    geometry.line ? bytesInLine(geometry, geometry.line) : [],
    BPF_LDX_MEM(BPF_W, R3, R0, 0),
    jump(BPF_JMP_IMM(BPF_JEQ, R3, 0, 0), 'miss'),
    BPF_MOV32_REG(R4, R1),
    stripeOf(R4, geometry),
    loadAcquire(R5, R4),
    BPF_STX_MEM(BPF_W, BPF_REG_FP, R5, SEEN),
    label('walk'),
    BPF_LDX_MEM(BPF_W, R0, R0, 0),
    jump(BPF_JMP_IMM(BPF_JEQ, R0, 0, 0), 'end'),
    BPF_LDX_MEM(BPF_W, R3, R0, tagOffset),
    jump(BPF_JMP32_REG(BPF_JNE, R3, R1, 0), 'walk'),
    jumpUnlessEqual(R0, keyOffset, R2, keyBytes, [R3, R5], 'walk'),
    jump(BPF_JMP_A(0), 'hit'),
    label('end'),
    BPF_LDX_MEM(BPF_W, R3, BPF_REG_FP, SEEN),
    jump(BPF_JMP32_IMM(BPF_JSET, R3, 1, 0), 'helper'),
    loadAcquire(R5, R4),
    jump(BPF_JMP32_REG(BPF_JNE, R3, R5, 0), 'helper'),
  ]
}

/** The whole look-up; `helper` is the number of bpf_map_lookup_elem, `map` the map's address. */
export function hashLookup(geometry: HashGeometry, found: Found, helper: number, map: number): Insn[] {
  return sequence([
    keyHash(geometry.keyBytes, geometry.seed),
    geometry.keyBytes === 4 ? wordWalk(geometry) : bytesWalk(geometry),
    label('miss'),
    answer(0),
    label('hit'),
    found(geometry),
    BPF_EXIT_INSN(),
    label('helper'),
    callHelper(helper, map),
  ])
}
