/**
 * Look-up in hash maps of all kinds: r2 is the key's address.
 *
 * The way of a hit is straight: the hash, the line (or the head of the chain, and the element). An empty chain is a miss. Only
 * who came to the end of a chain asks whether a writer was at work meanwhile; then the helper decides.
 */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_AND,
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
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { STRIPE_BYTES } from '../hash-plan.ts'
import type { HashGeometry } from '../hash-table.ts'
import { LINE_SLOT_BYTES } from '../line-table.ts'
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

/** register = hash and 4-byte key at r2, as they lie side by side in an element. */
export function hashAndWord(register: number): Insn[] {
  return [
    BPF_LDX_MEM(BPF_W, register, R2, 0),
    BPF_ALU64_IMM(BPF_LSH, register, 32),
    BPF_ALU64_REG(BPF_OR, register, HASH_REGISTER),
  ]
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

/**
 * `to` = the line's first slot (its address in `line`), or the second where `difference` is not 0. No branch decides it,
 * for nothing could predict it; the highest bit of a number or its negative tells whether it is 0.
 */
function chooseSlot(to: number, line: number, difference: number): Insn[] {
  return [
    BPF_MOV64_REG(to, difference),
    BPF_ALU64_IMM(BPF_NEG, to, 0),
    BPF_ALU64_REG(BPF_OR, to, difference),
    BPF_ALU64_IMM(BPF_RSH, to, 63),
    multiply(to, LINE_SLOT_BYTES),
    BPF_ALU64_REG(BPF_ADD, to, line),
  ]
}

/** The line at r4 for a 4-byte key, r1 being hash and key. */
function wordInLine({ hashOffset }: HashGeometry): Steps {
  return [
    BPF_LDX_MEM(BPF_DW, R3, R4, hashOffset),
    BPF_ALU64_REG(BPF_XOR, R3, R1),
    chooseSlot(R0, R4, R3),
    BPF_LDX_MEM(BPF_DW, R3, R0, hashOffset),
    jump(BPF_JMP_REG(BPF_JEQ, R3, R1, 0), 'hit'),
    // It was in the first slot when that was chosen: a writer moves it to the right just now.
    jump(BPF_JMP_REG(BPF_JEQ, R0, R4, 0), 'helper'),
  ]
}

/** The walk for a 4-byte key: r1 is hash and key, r4 the head's address. A chain without it is walked twice. */
function wordWalk(geometry: HashGeometry): Steps {
  const step: Steps = [
    BPF_LDX_MEM(BPF_DW, R3, R0, geometry.hashOffset),
    jump(BPF_JMP_REG(BPF_JEQ, R3, R1, 0), 'hit'),
    BPF_LDX_MEM(BPF_W, R0, R0, 0),
  ]
  return [
    hashAndWord(R1),
    headOf(R4, geometry),
    geometry.lines ? wordInLine(geometry) : [],
    BPF_LDX_MEM(BPF_W, R0, R4, 0),
    jump(BPF_JMP_IMM(BPF_JEQ, R0, 0, 0), 'miss'),
    label('walk'),
    step,
    jump(BPF_JMP_IMM(BPF_JNE, R0, 0, 0), 'walk'),
    // Not there, unless a writer led the walk astray: once more, between two looks at the stripe's word.
    BPF_MOV32_REG(R5, R1),
    stripeOf(R5, geometry),
    loadAcquire(R5, R5),
    jump(BPF_JMP32_IMM(BPF_JSET, R5, 1, 0), 'helper'),
    BPF_LDX_MEM(BPF_W, R0, R4, 0),
    label('walk again'),
    jump(BPF_JMP_IMM(BPF_JEQ, R0, 0, 0), 'end'),
    step,
    jump(BPF_JMP_A(0), 'walk again'),
    label('end'),
    BPF_MOV32_REG(R3, R1),
    stripeOf(R3, geometry),
    loadAcquire(R3, R3),
    jump(BPF_JMP32_REG(BPF_JNE, R3, R5, 0), 'helper'),
  ]
}

/** The line at r0 for another key, r1 being the hash. r3, r4 and r5 are used up. */
function bytesInLine({ hashOffset, keyOffset, keyBytes }: HashGeometry): Steps {
  const inSlot = (different: string): Steps => [
    BPF_LDX_MEM(BPF_W, R3, R5, hashOffset),
    jump(BPF_JMP32_REG(BPF_JNE, R3, R1, 0), 'other hash'),
    jumpUnlessEqual(R5, keyOffset, R2, keyBytes, [R3, R4], different),
    BPF_MOV64_REG(R0, R5),
    jump(BPF_JMP_A(0), 'hit'),
  ]
  return [
    BPF_LDX_MEM(BPF_W, R3, R0, hashOffset),
    BPF_ALU32_REG(BPF_XOR, R3, R1),
    chooseSlot(R5, R0, R3),
    inSlot('other key'),
    // Another key of the same hash: as good as never.
    label('other key'),
    jump(BPF_JMP_REG(BPF_JNE, R5, R0, 0), 'chain'),
    BPF_ALU64_IMM(BPF_ADD, R5, LINE_SLOT_BYTES),
    inSlot('other hash'),
    label('other hash'),
    // It was in the first slot when that was chosen: a writer moves it to the right just now.
    jump(BPF_JMP_REG(BPF_JEQ, R5, R0, 0), 'helper'),
    label('chain'),
  ]
}

/** The walk for other keys: r4 is the hash. A chain is walked between two looks at the stripe's word. */
function bytesWalk(geometry: HashGeometry): Steps {
  const { hashOffset, keyOffset, keyBytes } = geometry
  return [
    BPF_MOV32_REG(R1, R4),
    BPF_MOV32_REG(R0, R4),
    headOf(R0, geometry),
    geometry.lines ? bytesInLine(geometry) : [],
    BPF_LDX_MEM(BPF_W, R3, R0, 0),
    jump(BPF_JMP_IMM(BPF_JEQ, R3, 0, 0), 'miss'),
    BPF_MOV32_REG(R4, R1),
    stripeOf(R4, geometry),
    loadAcquire(R5, R4),
    BPF_STX_MEM(BPF_W, BPF_REG_FP, R5, SEEN),
    label('walk'),
    BPF_LDX_MEM(BPF_W, R0, R0, 0),
    jump(BPF_JMP_IMM(BPF_JEQ, R0, 0, 0), 'end'),
    BPF_LDX_MEM(BPF_W, R3, R0, hashOffset),
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
