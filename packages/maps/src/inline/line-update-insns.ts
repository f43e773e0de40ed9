/** Update of elements in lines: which slot they come to, and how they leave one. `LineTable` does the same. */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_AND,
  BPF_ATOMIC_OP,
  BPF_FETCH,
  BPF_JEQ,
  BPF_JGE,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JMP32_IMM,
  BPF_JMP32_REG,
  BPF_JNE,
  BPF_LDX_MEM,
  BPF_MOV32_IMM,
  BPF_MOV32_REG,
  BPF_MOV64_REG,
  BPF_NEG,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_RSH,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_SUB,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { FROM_END, FROM_START } from '../element-pool.ts'
import { CACHE_LINE_BYTES } from '../hash-plan.ts'
import { type HashGeometry, SPARE } from '../hash-table.ts'
import {
  type LineLayout,
  NUMBER_OFFSET,
  PERMIT_OFFSET,
  SLOT_STRIDE_BYTES,
  TAG_OFFSET,
  TAG_STRIDE_BYTES,
} from '../line-layout.ts'
import { freeKeysOf } from '../line-table.ts'
import { jumpUnlessEqual } from './byte-insns.ts'
import { countInsertion, fill, fillKey, loadTag, recall } from './element-insns.ts'
import { headOf, preferredSlotOf } from './hash-lookup-insns.ts'
import { jump, label, type Steps } from './insn-sequence.ts'
import { storeRelease } from './lock-insns.ts'

const [R0, R1, R2, R3, R4, R5] = [BPF_REG_0, BPF_REG_1, BPF_REG_2, BPF_REG_3, BPF_REG_4, BPF_REG_5]

/** A step for each slot of a line, from left to right, given the slot's number and how far its element is from the line. */
function forSlots({ slots }: LineLayout, step: (slot: number, element: number) => Steps): Steps {
  return Array.from({ length: slots }, (_, slot) => step(slot, slot * SLOT_STRIDE_BYTES))
}

/** register = address of an element's entry in the ledger; of its line's first one for the line. */
function ledgerOf(register: number, element: number, { ledgerDelta }: HashGeometry): Insn[] {
  return [BPF_MOV64_REG(register, element), BPF_ALU32_IMM(BPF_ADD, register, ledgerDelta)]
}

/** register = where, but for `TAG_OFFSET`, the tag of the element at `element` is: tags lie closer together. */
function tagOf(register: number, element: number): Insn[] {
  const bits = Math.log2(SLOT_STRIDE_BYTES / (SLOT_STRIDE_BYTES - TAG_STRIDE_BYTES))
  return [
    BPF_MOV64_REG(register, element),
    BPF_ALU32_IMM(BPF_AND, register, CACHE_LINE_BYTES - 1),
    BPF_ALU32_IMM(BPF_RSH, register, bits),
    BPF_ALU64_IMM(BPF_NEG, register, 0),
    BPF_ALU64_REG(BPF_ADD, register, element),
  ]
}

/** On to `present`, r0 being the element, if a slot of the line at r5 has the key: r3 is that of 4 bytes, else r4 the hash. */
export function walkLine({ keyBytes, ...geometry }: HashGeometry, line: LineLayout): Steps {
  const isTag = geometry.tagOffset === geometry.keyOffset
  return forSlots(line, (slot, element) => {
    const different = `not in slot ${slot}`
    const sameTag = isTag
      ? jump(BPF_JMP_REG(BPF_JEQ, R1, R3, 0), 'present')
      : [
          jump(BPF_JMP32_REG(BPF_JNE, R1, R4, 0), different),
          jumpUnlessEqual(R0, line.slotKeyOffset, R2, keyBytes, [R1, R3], different),
          jump(BPF_JMP_A(0), 'present'),
          label(different),
        ]
    return [
      BPF_MOV64_REG(R0, R5),
      BPF_ALU64_IMM(BPF_ADD, R0, element),
      BPF_LDX_MEM(BPF_W, R1, R5, TAG_OFFSET + slot * TAG_STRIDE_BYTES),
      sameTag,
    ]
  })
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

/** The slot at r0 is free from now on, r3 is its permit; r4 (the hash) and r5 are used up. */
function emptySlot(geometry: HashGeometry, name: string): Steps {
  return [
    freeTag(geometry, name),
    tagOf(R5, R0),
    storeRelease(R5, R4, TAG_OFFSET),
    ledgerOf(R4, R0, geometry),
    BPF_LDX_MEM(BPF_W, R3, R4, PERMIT_OFFSET),
    BPF_ST_MEM(BPF_W, R4, PERMIT_OFFSET, 0),
  ]
}

/** `stamp` for an element in a slot, r2; r0 and r3 are used up. */
function stampSlot(geometry: HashGeometry, line: LineLayout, name: string): Steps {
  return [
    fillKey(geometry, [R2, line.slotKeyOffset], name),
    ledgerOf(R0, R2, geometry),
    countInsertion([R0, NUMBER_OFFSET]),
    tagOf(R0, R2),
    loadTag(geometry),
    storeRelease(R0, R3, TAG_OFFSET),
  ]
}

/** All that is left to do for a new element (r2) in a slot; on with one in a chain. */
export function stampIfInLine(geometry: HashGeometry, line: LineLayout): Steps {
  return [
    jump(BPF_JMP32_IMM(BPF_JGE, R2, geometry.elements, 0), 'new is in chain'),
    stampSlot(geometry, line, 'new in line'),
    jump(BPF_JMP_A(0), 'done'),
    label('new is in chain'),
  ]
}

/** From a slot (r0, its line is at r5) to the next free one on its right, if there is any. */
export function moveInLine(geometry: HashGeometry, line: LineLayout, valueBytes: number): Steps {
  const toFree = forSlots(line, (slot, element) =>
    slot === 0
      ? []
      : [
          BPF_MOV64_REG(R2, R5),
          BPF_ALU64_IMM(BPF_ADD, R2, element),
          jump(BPF_JMP_REG(BPF_JGE, R0, R2, 0), `${slot} is not on the right`),
          BPF_LDX_MEM(BPF_W, R3, R1, element + PERMIT_OFFSET),
          jump(BPF_JMP_IMM(BPF_JEQ, R3, 0, 0), 'move'),
          label(`${slot} is not on the right`),
        ],
  )
  return [
    jump(BPF_JMP32_IMM(BPF_JGE, R0, geometry.elements, 0), 'no move'),
    ledgerOf(R1, R5, geometry),
    toFree,
    jump(BPF_JMP_A(0), 'no move'),
    label('move'),
    fill(geometry, valueBytes, 'moved'),
    recall(R0, 'old'),
    ledgerOf(R1, R0, geometry),
    BPF_LDX_MEM(BPF_W, R1, R1, PERMIT_OFFSET),
    ledgerOf(R3, R2, geometry),
    BPF_STX_MEM(BPF_W, R3, R1, PERMIT_OFFSET),
    recall(R1, 'stripe'),
    stampSlot(geometry, line, 'moved'),
    recall(R0, 'old'),
    emptySlot(geometry, 'moved'),
    jump(BPF_JMP_A(0), 'done'),
    label('no move'),
    recall(R1, 'stripe'),
  ]
}

/** The spare (r2) into the chain for an old element (r0) in a slot, whose permit becomes the spare. r5 is the line. */
export function leaveLine(geometry: HashGeometry): Steps {
  return [
    jump(BPF_JMP32_IMM(BPF_JGE, R0, geometry.elements, 0), 'old is in chain'),
    BPF_LDX_MEM(BPF_W, R3, R5, 0),
    BPF_STX_MEM(BPF_W, R2, R3, 0),
    storeRelease(R5, R2),
    emptySlot(geometry, 'left'),
    BPF_STX_MEM(BPF_W, R1, R3, SPARE * 4),
    jump(BPF_JMP_A(0), 'done'),
    label('old is in chain'),
  ]
}

/** r2 = index of a fresh element, for a slot of the line from the end: `ElementPool.freshIndex`. r1 is the counter. */
export function freshIndex(geometry: HashGeometry, line: LineLayout): Steps {
  const fetchAdd = (register: number, word: number): Insn[] => [
    BPF_MOV32_IMM(register, 1),
    BPF_ATOMIC_OP(BPF_W, BPF_ADD | BPF_FETCH, R1, register, word * 4),
  ]
  return [
    recall(R4, 'hash'),
    headOf(R4, geometry),
    BPF_ALU32_IMM(BPF_ADD, R4, geometry.ledgerDelta),
    forSlots(line, (_, element) => [
      BPF_LDX_MEM(BPF_W, R0, R4, element + PERMIT_OFFSET),
      jump(BPF_JMP_IMM(BPF_JEQ, R0, 0, 0), 'permit'),
    ]),
    fetchAdd(R2, FROM_START),
    jump(BPF_JMP_A(0), 'index'),
    label('permit'),
    fetchAdd(R0, FROM_END),
    BPF_MOV32_IMM(R2, geometry.capacity - 1),
    BPF_ALU32_REG(BPF_SUB, R2, R0),
    label('index'),
  ]
}

/** r2 = a free slot of the line, which keeps the permit that r2 is, or the element r2 itself: `LineTable.take`. */
export function chooseSlot(geometry: HashGeometry, line: LineLayout): Steps {
  // The entry in the ledger at r0.
  const takeIfFree = (taken: string): Steps => [
    BPF_LDX_MEM(BPF_W, R3, R0, PERMIT_OFFSET),
    jump(BPF_JMP_IMM(BPF_JNE, R3, 0, 0), taken),
    BPF_STX_MEM(BPF_W, R0, R2, PERMIT_OFFSET),
    BPF_MOV64_REG(R2, R0),
    BPF_ALU64_IMM(BPF_SUB, R2, geometry.ledgerDelta),
    jump(BPF_JMP_A(0), 'chosen'),
    label(taken),
  ]
  return [
    BPF_MOV32_REG(R5, R4),
    headOf(R5, geometry),
    BPF_ALU32_IMM(BPF_ADD, R5, geometry.ledgerDelta),
    BPF_MOV32_REG(R0, R4),
    preferredSlotOf(R0, line, SLOT_STRIDE_BYTES),
    BPF_ALU64_REG(BPF_ADD, R0, R5),
    takeIfFree('preferred is taken'),
    forSlots(line, (slot, element) => [
      BPF_MOV64_REG(R0, R5),
      BPF_ALU64_IMM(BPF_ADD, R0, element),
      takeIfFree(`${slot} is taken`),
    ]),
    label('chosen'),
  ]
}
