/**
 * Update of BPF_MAP_TYPE_HASH: r2 is the key's address, r3 the value's, r4 the flags. Step by step what `HashMap.update`,
 * `HashTable` and `ElementPool` do, so that both leave the same bytes. Where a lock stays taken the helper does it.
 *
 * ```
 *  lock the stripe ─► walk ─┬─ present ─► fill the spare, put it in, leave the old one as spare ─┬─► unlock
 *                           └─ absent ─► own list ─► fresh ─► others' lists ─► fill, put it in ──┘
 * ```
 */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_AND,
  BPF_ATOMIC_OP,
  BPF_CMPXCHG,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_FETCH,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLT,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JMP32_IMM,
  BPF_JMP32_REG,
  BPF_JNE,
  BPF_LDX_MEM,
  BPF_MOV32_IMM,
  BPF_MOV32_REG,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_REG_FP,
  BPF_RSH,
  BPF_ST_MEM,
  BPF_STORE_REL,
  BPF_STX_MEM,
  BPF_SUB,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { BPF_EXIST, BPF_NOEXIST, ERRNO } from '@bpfoundry/kernel-abi'
import { FREE, FROM_END, FROM_START, SLOT_BYTES } from '../element-pool.ts'
import { COUNT, type HashGeometry, INSERTIONS, SPARE } from '../hash-table.ts'
import type { LineLayout } from '../line-layout.ts'
import { freeKeysOf } from '../line-table.ts'
import { multiply } from './array-insns.ts'
import { copy, jumpUnlessEqual } from './byte-insns.ts'
import { headOf, loadWordTag, stripeOf, wordTag } from './hash-lookup-insns.ts'
import { answer, type CpuFields, callHelper, loadCpu } from './inline-call.ts'
import { jump, label, type Steps, sequence } from './insn-sequence.ts'
import { keyHash } from './key-hash-insns.ts'
import { releaseLock, storeRelease, takeLock } from './lock-insns.ts'

const [R0, R1, R2, R3, R4, R5] = [BPF_REG_0, BPF_REG_1, BPF_REG_2, BPF_REG_3, BPF_REG_4, BPF_REG_5]

/** What is kept on the stack: offsets from r10. */
const KEPT = { key: -8, value: -16, flags: -24, hash: -32, stripe: -40, old: -48, link: -56, ownSlot: -64 } as const

const keep = (register: number, what: keyof typeof KEPT): Insn => BPF_STX_MEM(BPF_DW, BPF_REG_FP, register, KEPT[what])
const recall = (register: number, what: keyof typeof KEPT): Insn =>
  BPF_LDX_MEM(BPF_DW, register, BPF_REG_FP, KEPT[what])

/** A word of memory + 1; the new number stays in `t`. */
function increment(base: number, offset: number, t: number): Insn[] {
  return [BPF_LDX_MEM(BPF_W, t, base, offset), BPF_ALU32_IMM(BPF_ADD, t, 1), BPF_STX_MEM(BPF_W, base, t, offset)]
}

/**
 * On to `present`, r0 being the element with the key and r5 the address of the word that links to it (in a line: of the
 * line), or to `absent`. r4 is the hash, r2 the key's address.
 */
function walk(geometry: HashGeometry): Steps {
  const word = geometry.keyBytes === 4
  const compare = (name: string): Steps => (word ? sameWord(geometry) : sameBytes(geometry, name))
  const slot = (at: number): Steps => [
    BPF_MOV64_REG(R0, R5),
    at === 0 ? [] : BPF_ALU64_IMM(BPF_ADD, R0, at),
    compare(`not at ${at}`),
    label(`not at ${at}`),
  ]
  return [
    BPF_MOV32_REG(R5, R4),
    headOf(R5, geometry),
    word ? wordTag(R3, geometry) : [],
    slotOffsets(geometry.line).map(slot),
    label('walk'),
    BPF_LDX_MEM(BPF_W, R0, R5, 0),
    jump(BPF_JMP_IMM(BPF_JEQ, R0, 0, 0), 'absent'),
    compare('next'),
    label('next'),
    BPF_MOV64_REG(R5, R0),
    jump(BPF_JMP_A(0), 'walk'),
  ]
}

function sameWord(geometry: HashGeometry): Steps {
  return [loadWordTag(R1, R0, geometry), jump(BPF_JMP_REG(BPF_JEQ, R1, R3, 0), 'present')]
}

function sameBytes({ tagOffset, keyOffset, keyBytes }: HashGeometry, different: string): Steps {
  return [
    BPF_LDX_MEM(BPF_W, R1, R0, tagOffset),
    jump(BPF_JMP32_REG(BPF_JNE, R1, R4, 0), different),
    jumpUnlessEqual(R0, keyOffset, R2, keyBytes, [R1, R3], different),
    jump(BPF_JMP_A(0), 'present'),
  ]
}

/** Key, if it is not the tag, and value into the element in r2; r0, r3 and r5 are used up. */
function fill(geometry: HashGeometry, valueBytes: number, name: string): Steps {
  const { keyOffset, tagOffset, keyBytes, valueOffset } = geometry
  const key = [recall(R3, 'key'), copy([R2, keyOffset], R3, keyBytes, R0, { name: `${name} key`, counter: R5 })]
  return [
    tagOffset === keyOffset ? [] : key,
    recall(R3, 'value'),
    copy([R2, valueOffset], R3, valueBytes, R0, { name: `${name} value`, counter: R5 }),
  ]
}

/** Number of the insertion, and then the tag (the hash is r4), into the element in r2; r1 is the stripe, r3 is used up. */
function stamp({ tagOffset, keyOffset, sequenceOffset }: HashGeometry): Insn[] {
  const key = [recall(R3, 'key'), BPF_LDX_MEM(BPF_W, R3, R3, 0)]
  const [load, tag] = tagOffset === keyOffset ? [key, R3] : [[], R4]
  return [
    ...increment(R1, INSERTIONS * 4, R3),
    BPF_STX_MEM(BPF_W, R2, R3, sequenceOffset),
    ...load,
    BPF_ATOMIC_OP(BPF_W, BPF_STORE_REL, R2, tag, tagOffset),
  ]
}

/** r2 = the stripe's spare element; r1 is the stripe, r4 the hash: `HashTable.spare`. */
function loadSpare({ stripeMask, capacity, elementBytes, elements }: HashGeometry): Steps {
  return [
    BPF_LDX_MEM(BPF_W, R2, R1, SPARE * 4),
    jump(BPF_JMP_IMM(BPF_JNE, R2, 0, 0), 'spare'),
    BPF_MOV32_REG(R2, R4),
    BPF_ALU32_IMM(BPF_AND, R2, stripeMask),
    BPF_ALU32_IMM(BPF_ADD, R2, capacity),
    multiply(R2, elementBytes),
    BPF_ALU32_IMM(BPF_ADD, R2, elements),
    label('spare'),
  ]
}

/** r0 the old element, r4 the hash, r5 the link: `HashTable.spare` and `replace`. */
function replaceOld(geometry: HashGeometry, valueBytes: number): Steps {
  return [
    keep(R0, 'old'),
    keep(R5, 'link'),
    recall(R1, 'stripe'),
    geometry.line ? moveInLine(geometry, geometry.line, valueBytes) : [],
    loadSpare(geometry),
    fill(geometry, valueBytes, 'spare'),
    stamp(geometry),
    recall(R0, 'old'),
    recall(R5, 'link'),
    geometry.line ? leaveLine(geometry, geometry.line) : [],
    headOf(R4, geometry),
    BPF_STX_MEM(BPF_W, R1, R0, SPARE * 4),
    BPF_LDX_MEM(BPF_W, R3, R0, 0),
    jump(BPF_JMP_REG(BPF_JNE, R5, R4, 0), 'old is not first'),
    BPF_STX_MEM(BPF_W, R2, R3, 0),
    storeRelease(R4, R2),
    jump(BPF_JMP_A(0), 'done'),
    label('old is not first'),
    BPF_LDX_MEM(BPF_W, R0, R4, 0),
    BPF_STX_MEM(BPF_W, R2, R0, 0),
    storeRelease(R4, R2),
    BPF_STX_MEM(BPF_W, R5, R3, 0),
    jump(BPF_JMP_A(0), 'done'),
  ]
}

/** Offsets of a line's slots, from left to right. */
function slotOffsets(line: LineLayout | undefined): number[] {
  return Array.from({ length: line?.slots ?? 0 }, (_, slot) => slot * (line?.slotBytes ?? 0))
}

function permitOffsets({ slots, permitOffset, permitBytes }: LineLayout): number[] {
  return Array.from({ length: slots }, (_, slot) => permitOffset + slot * permitBytes)
}

/** register = where, but for the offset of the first one, the permit of the slot at `slot` is, whose line is at r5. */
function permitOf(register: number, slot: number, { slotBytes, permitBytes }: LineLayout): Insn[] {
  const bits = Math.log2(slotBytes / permitBytes)
  const copied = BPF_MOV64_REG(register, slot)
  if (bits === 0) return [copied]
  return [
    copied,
    BPF_ALU64_REG(BPF_SUB, register, R5),
    BPF_ALU64_IMM(BPF_RSH, register, bits),
    BPF_ALU64_REG(BPF_ADD, register, R5),
  ]
}

/** r4 (the hash) = the tag of a free slot: `LineTable.freeTag`. */
function freeTag(geometry: HashGeometry, name: string): Steps {
  if (geometry.tagOffset !== geometry.keyOffset) return [BPF_ALU32_IMM(BPF_XOR, R4, -1)]
  const { lineOfZero, stranger } = freeKeysOf(geometry)
  return [
    BPF_ALU32_IMM(BPF_AND, R4, geometry.headMask),
    BPF_ALU32_IMM(BPF_XOR, R4, lineOfZero),
    BPF_MOV32_IMM(R3, stranger),
    jump(BPF_JMP32_IMM(BPF_JEQ, R4, 0, 0), `${name} of line of zero`),
    BPF_MOV32_IMM(R3, 0),
    label(`${name} of line of zero`),
    BPF_MOV32_REG(R4, R3),
  ]
}

/** The slot at r0, of the line at r5, is free from now on, r3 is its permit; r4 (the hash) is used up. */
function emptySlot(geometry: HashGeometry, line: LineLayout, name: string): Steps {
  return [
    freeTag(geometry, name),
    BPF_STX_MEM(BPF_W, R0, R4, geometry.tagOffset),
    permitOf(R4, R0, line),
    BPF_LDX_MEM(BPF_W, R3, R4, line.permitOffset),
    BPF_ST_MEM(BPF_W, R4, line.permitOffset, 0),
  ]
}

/** From a slot (r0, its line is at r5) to the next free one on its right, if there is any. */
function moveInLine(geometry: HashGeometry, line: LineLayout, valueBytes: number): Steps {
  const permits = permitOffsets(line)
  const toFree = slotOffsets(line)
    .slice(1)
    .map(
      (offset, at): Steps => [
        BPF_MOV64_REG(R2, R5),
        BPF_ALU64_IMM(BPF_ADD, R2, offset),
        jump(BPF_JMP_REG(BPF_JGE, R0, R2, 0), `${offset} is not on the right`),
        BPF_LDX_MEM(BPF_W, R3, R5, permits[at + 1] as number),
        jump(BPF_JMP_IMM(BPF_JEQ, R3, 0, 0), 'move'),
        label(`${offset} is not on the right`),
      ],
    )
  return [
    jump(BPF_JMP32_IMM(BPF_JGE, R0, geometry.elements, 0), 'no move'),
    toFree,
    jump(BPF_JMP_A(0), 'no move'),
    label('move'),
    fill(geometry, valueBytes, 'moved'),
    recall(R0, 'old'),
    recall(R5, 'link'),
    permitOf(R1, R0, line),
    BPF_LDX_MEM(BPF_W, R1, R1, line.permitOffset),
    permitOf(R3, R2, line),
    BPF_STX_MEM(BPF_W, R3, R1, line.permitOffset),
    recall(R1, 'stripe'),
    stamp(geometry),
    emptySlot(geometry, line, 'moved'),
    jump(BPF_JMP_A(0), 'done'),
    label('no move'),
  ]
}

/** The spare (r2) into the chain for an old element (r0) in a slot, whose permit becomes the spare. r5 is the line. */
function leaveLine(geometry: HashGeometry, line: LineLayout): Steps {
  return [
    jump(BPF_JMP32_IMM(BPF_JGE, R0, geometry.elements, 0), 'old is in chain'),
    BPF_LDX_MEM(BPF_W, R3, R5, 0),
    BPF_STX_MEM(BPF_W, R2, R3, 0),
    storeRelease(R5, R2),
    emptySlot(geometry, line, 'left'),
    BPF_STX_MEM(BPF_W, R1, R3, SPARE * 4),
    jump(BPF_JMP_A(0), 'done'),
    label('old is in chain'),
  ]
}

/** r2 = index of a fresh element, for a slot of the line from the end: `ElementPool.freshIndex`. r1 is the counter. */
function freshIndex(geometry: HashGeometry, line: LineLayout): Steps {
  const fetchAdd = (register: number, word: number): Insn[] => [
    BPF_MOV32_IMM(register, 1),
    BPF_ATOMIC_OP(BPF_W, BPF_ADD | BPF_FETCH, R1, register, word * 4),
  ]
  const toPermit = (permitOffset: number): Steps => [
    BPF_LDX_MEM(BPF_W, R0, R4, permitOffset),
    jump(BPF_JMP_IMM(BPF_JEQ, R0, 0, 0), 'permit'),
  ]
  return [
    recall(R4, 'hash'),
    headOf(R4, geometry),
    permitOffsets(line).map(toPermit),
    fetchAdd(R2, FROM_START),
    jump(BPF_JMP_A(0), 'index'),
    label('permit'),
    fetchAdd(R0, FROM_END),
    BPF_MOV32_IMM(R2, geometry.capacity - 1),
    BPF_ALU32_REG(BPF_SUB, R2, R0),
    label('index'),
  ]
}

/** r2 = an element, or on to `full`: `ElementPool.take`. All other registers are used up. */
function takeElement(geometry: HashGeometry, cpu: CpuFields): Steps {
  const { slots, slotCount, capacity, elementBytes, elements, freshCounter } = geometry
  return [
    loadCpu(R5, cpu),
    multiply(R5, SLOT_BYTES),
    BPF_ALU32_IMM(BPF_ADD, R5, slots),
    keep(R5, 'ownSlot'),
    label('slot'),
    // Only a glance, as in ElementPool.popFree.
    BPF_LDX_MEM(BPF_W, R2, R5, FREE * 4),
    jump(BPF_JMP_IMM(BPF_JEQ, R2, 0, 0), 'no free'),
    takeLock('slot lock', R5, [R3, R1, R4], 'slot contended'),
    BPF_LDX_MEM(BPF_W, R2, R5, FREE * 4),
    jump(BPF_JMP_IMM(BPF_JEQ, R2, 0, 0), 'popped'),
    BPF_LDX_MEM(BPF_W, R0, R2, 0),
    BPF_STX_MEM(BPF_W, R5, R0, FREE * 4),
    label('popped'),
    releaseLock(R5, R0),
    jump(BPF_JMP_IMM(BPF_JNE, R2, 0, 0), 'element'),
    label('no free'),
    recall(R3, 'ownSlot'),
    jump(BPF_JMP_REG(BPF_JNE, R5, R3, 0), 'next slot'),
    BPF_MOV32_IMM(R1, freshCounter),
    label('fresh'),
    BPF_LDX_MEM(BPF_W, R0, R1, 0),
    jump(BPF_JMP32_IMM(BPF_JGE, R0, capacity, 0), 'next slot'),
    BPF_MOV32_REG(R2, R0),
    BPF_MOV32_REG(R4, R0),
    BPF_ALU32_IMM(BPF_ADD, R4, 1),
    BPF_ATOMIC_OP(BPF_W, BPF_CMPXCHG, R1, R4, 0),
    jump(BPF_JMP32_REG(BPF_JNE, R0, R2, 0), 'fresh'),
    geometry.line ? freshIndex(geometry, geometry.line) : [],
    multiply(R2, elementBytes),
    BPF_ALU32_IMM(BPF_ADD, R2, elements),
    jump(BPF_JMP_A(0), 'element'),
    label('next slot'),
    BPF_ALU32_IMM(BPF_ADD, R5, SLOT_BYTES),
    BPF_MOV32_IMM(R0, slots + slotCount * SLOT_BYTES),
    jump(BPF_JMP32_REG(BPF_JNE, R5, R0, 0), 'no wrap'),
    BPF_MOV32_IMM(R5, slots),
    label('no wrap'),
    jump(BPF_JMP_REG(BPF_JNE, R5, R3, 0), 'slot'),
    jump(BPF_JMP_A(0), 'full'),
  ]
}

/** r2 = a free slot of the line, which keeps the permit that r2 is, or the element r2 itself: `LineTable.take`. */
function chooseSlot(geometry: HashGeometry, line: LineLayout): Steps {
  const permits = permitOffsets(line)
  const slots = slotOffsets(line).map(
    (offset, at): Steps => [
      BPF_LDX_MEM(BPF_W, R0, R5, permits[at] as number),
      jump(BPF_JMP_IMM(BPF_JNE, R0, 0, 0), `${offset} is taken`),
      BPF_STX_MEM(BPF_W, R5, R2, permits[at] as number),
      BPF_MOV64_REG(R2, R5),
      BPF_ALU64_IMM(BPF_ADD, R2, offset),
      jump(BPF_JMP_A(0), 'chosen'),
      label(`${offset} is taken`),
    ],
  )
  return [BPF_MOV32_REG(R5, R4), headOf(R5, geometry), slots, label('chosen')]
}

/** The element in r2 filled and put in: `HashTable.insert`. */
function insertElement(geometry: HashGeometry, valueBytes: number): Steps {
  return [
    label('element'),
    recall(R1, 'stripe'),
    recall(R4, 'hash'),
    geometry.line ? chooseSlot(geometry, geometry.line) : [],
    fill(geometry, valueBytes, 'new'),
    increment(R1, COUNT * 4, R3),
    stamp(geometry),
    geometry.line ? jump(BPF_JMP32_IMM(BPF_JLT, R2, geometry.elements, 0), 'done') : [],
    headOf(R4, geometry),
    BPF_LDX_MEM(BPF_W, R0, R4, 0),
    BPF_STX_MEM(BPF_W, R2, R0, 0),
    storeRelease(R4, R2),
  ]
}

/** Answers that are given under the stripe's lock. */
function endings(fullError: number, helper: number, map: number): Steps {
  const ending = (name: string, value: number): Steps => [label(name), BPF_MOV64_IMM(R0, value)]
  const unlock: Steps = [recall(R1, 'stripe'), releaseLock(R1, R2)]
  return [
    ending('done', 0),
    label('unlock'),
    unlock,
    BPF_EXIT_INSN(),
    ending('exists', -ERRNO.EEXIST),
    jump(BPF_JMP_A(0), 'unlock'),
    ending('no entry', -ERRNO.ENOENT),
    jump(BPF_JMP_A(0), 'unlock'),
    ending('full', fullError),
    jump(BPF_JMP_A(0), 'unlock'),
    label('invalid'),
    answer(-ERRNO.EINVAL),
    label('slot contended'),
    unlock,
    label('contended'),
    recall(R2, 'key'),
    recall(R3, 'value'),
    recall(R4, 'flags'),
    callHelper(helper, map),
  ]
}

/** What an update needs to know besides the table. */
export interface HashUpdate {
  readonly valueBytes: number
  /** What a full map answers. */
  readonly fullError: number
  /** Number of bpf_map_update_elem. */
  readonly helper: number
  /** Address of the map. */
  readonly map: number
}

export function hashUpdate(geometry: HashGeometry, update: HashUpdate, cpu: CpuFields): Insn[] {
  const { valueBytes, fullError, helper, map } = update
  return sequence([
    // With BPF_F_LOCK, too: a value has no spin lock as long as maps know nothing of BTF.
    jump(BPF_JMP_IMM(BPF_JGT, R4, BPF_EXIST, 0), 'invalid'),
    keep(R2, 'key'),
    keep(R3, 'value'),
    keep(R4, 'flags'),
    keyHash(geometry.keyBytes, geometry.seed),
    BPF_MOV32_REG(R1, R4),
    stripeOf(R1, geometry),
    keep(R1, 'stripe'),
    takeLock('stripe lock', R1, [R5, R2, R3], 'contended'),
    recall(R2, 'key'),
    walk(geometry),
    label('present'),
    recall(R3, 'flags'),
    jump(BPF_JMP_IMM(BPF_JEQ, R3, BPF_NOEXIST, 0), 'exists'),
    replaceOld(geometry, valueBytes),
    label('absent'),
    recall(R3, 'flags'),
    jump(BPF_JMP_IMM(BPF_JEQ, R3, BPF_EXIST, 0), 'no entry'),
    keep(R4, 'hash'),
    takeElement(geometry, cpu),
    insertElement(geometry, valueBytes),
    endings(fullError, helper, map),
  ])
}
