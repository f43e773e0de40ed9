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
  BPF_JNE,
  BPF_LDX_MEM,
  BPF_MOV32_IMM,
  BPF_MOV32_REG,
  BPF_MOV64_REG,
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
import { type HashGeometry, SPARE } from '../hash-table.ts'
import type { LineLayout } from '../line-layout.ts'
import { freeKeysOf } from '../line-table.ts'
import { fill, recall, stamp } from './element-insns.ts'
import { headOf } from './hash-lookup-insns.ts'
import { jump, label, type Steps } from './insn-sequence.ts'
import { storeRelease } from './lock-insns.ts'

const [R0, R1, R2, R3, R4, R5] = [BPF_REG_0, BPF_REG_1, BPF_REG_2, BPF_REG_3, BPF_REG_4, BPF_REG_5]

/** Offsets of a line's slots, from left to right. */
export function slotOffsets(line: LineLayout | undefined): number[] {
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
export function moveInLine(geometry: HashGeometry, line: LineLayout, valueBytes: number): Steps {
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
export function leaveLine(geometry: HashGeometry, line: LineLayout): Steps {
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
export function freshIndex(geometry: HashGeometry, line: LineLayout): Steps {
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

/** r2 = a free slot of the line, which keeps the permit that r2 is, or the element r2 itself: `LineTable.take`. */
export function chooseSlot(geometry: HashGeometry, line: LineLayout): Steps {
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
