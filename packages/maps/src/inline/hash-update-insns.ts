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
  BPF_AND,
  BPF_ATOMIC_OP,
  BPF_CMPXCHG,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
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
  BPF_STX_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { BPF_EXIST, BPF_NOEXIST, ERRNO } from '@bpfoundry/kernel-abi'
import { FREE, SLOT_BYTES } from '../element-pool.ts'
import { COUNT, type HashGeometry, SPARE } from '../hash-table.ts'
import { multiply } from './array-insns.ts'
import { jumpUnlessEqual } from './byte-insns.ts'
import { fill, increment, keep, recall, stamp } from './element-insns.ts'
import { headOf, loadWordTag, stripeOf, wordTag } from './hash-lookup-insns.ts'
import { answer, type CpuFields, callHelper, loadCpu } from './inline-call.ts'
import { jump, label, type Steps, sequence } from './insn-sequence.ts'
import { keyHash } from './key-hash-insns.ts'
import { chooseSlot, freshIndex, leaveLine, moveInLine, stampIfInLine, walkLine } from './line-update-insns.ts'
import { releaseLock, storeRelease, takeLock } from './lock-insns.ts'

const [R0, R1, R2, R3, R4, R5] = [BPF_REG_0, BPF_REG_1, BPF_REG_2, BPF_REG_3, BPF_REG_4, BPF_REG_5]

/**
 * On to `present`, r0 being the element with the key and r5 the address of the word that links to it (in a line: of the
 * line), or to `absent`. r4 is the hash, r2 the key's address.
 */
function walk(geometry: HashGeometry): Steps {
  const word = geometry.keyBytes === 4
  const compare: Steps = word ? sameWord(geometry) : sameBytes(geometry)
  return [
    BPF_MOV32_REG(R5, R4),
    headOf(R5, geometry),
    word ? wordTag(R3, geometry) : [],
    geometry.line ? walkLine(geometry, geometry.line) : [],
    label('walk'),
    BPF_LDX_MEM(BPF_W, R0, R5, 0),
    jump(BPF_JMP_IMM(BPF_JEQ, R0, 0, 0), 'absent'),
    compare,
    label('next'),
    BPF_MOV64_REG(R5, R0),
    jump(BPF_JMP_A(0), 'walk'),
  ]
}

function sameWord(geometry: HashGeometry): Steps {
  return [loadWordTag(R1, R0, geometry), jump(BPF_JMP_REG(BPF_JEQ, R1, R3, 0), 'present')]
}

function sameBytes({ tagOffset, keyOffset, keyBytes }: HashGeometry): Steps {
  return [
    BPF_LDX_MEM(BPF_W, R1, R0, tagOffset),
    jump(BPF_JMP32_REG(BPF_JNE, R1, R4, 0), 'next'),
    jumpUnlessEqual(R0, keyOffset, R2, keyBytes, [R1, R3], 'next'),
    jump(BPF_JMP_A(0), 'present'),
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
    stamp(geometry, 'spare'),
    recall(R0, 'old'),
    recall(R5, 'link'),
    geometry.line ? leaveLine(geometry) : [],
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

/** The element in r2 filled and put in: `HashTable.insert`. */
function insertElement(geometry: HashGeometry, valueBytes: number): Steps {
  return [
    label('element'),
    recall(R1, 'stripe'),
    recall(R4, 'hash'),
    geometry.line ? chooseSlot(geometry, geometry.line) : [],
    fill(geometry, valueBytes, 'new'),
    increment(R1, COUNT * 4, R3),
    geometry.line ? stampIfInLine(geometry, geometry.line) : [],
    stamp(geometry, 'new'),
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
