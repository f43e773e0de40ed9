import type { ProgramImage } from '@bpfoundry/engine'
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_AND,
  BPF_B,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JGT,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JNE,
  BPF_LDX_MEM,
  BPF_LSH,
  BPF_MOV64_REG,
  BPF_STX_MEM,
  BPF_SUB,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { FRAME_DESCRIPTOR, FRAME_DESCRIPTOR_BYTES } from '../frame-descriptor.ts'
import { HIDDEN_PROGRAM_IDS } from '../poll/link-poll.ts'
import { Routine } from '../poll/routine.ts'
import { TRACE_ALIGN_BYTES, TRACE_FRAME, TRACE_LOOK_AHEAD, WIRE_BLOCK } from './trace-layout.ts'

const block = WIRE_BLOCK.fields
const source = TRACE_FRAME.fields
const descriptor = FRAME_DESCRIPTOR.fields

/** Kept in registers: the block, the frame in the trace, the descriptor, the packets to go. Nothing is called, so r0..r5 are free. */
const BLOCK = 6
const SOURCE = 7
const DESCRIPTOR = 8
const LEFT = 9

interface Place {
  readonly offsetBytes: number
}

const load32 = (dst: number, base: number, { offsetBytes }: Place): Insn => BPF_LDX_MEM(BPF_W, dst, base, offsetBytes)
const store32 = (base: number, { offsetBytes }: Place, src: number): Insn => BPF_STX_MEM(BPF_W, base, src, offsetBytes)
const load64 = (dst: number, base: number, { offsetBytes }: Place): Insn => BPF_LDX_MEM(BPF_DW, dst, base, offsetBytes)
const store64 = (base: number, { offsetBytes }: Place, src: number): Insn => BPF_STX_MEM(BPF_DW, base, src, offsetBytes)

/** Address in `dst` of a ring's next entry, whose number goes up. Uses r1. */
const nextEntry = (dst: number, entries: Place, number: Place, mask: Place, entryBytes: number): readonly Insn[] => [
  load32(dst, BLOCK, number),
  BPF_MOV64_REG(1, dst),
  BPF_ALU32_IMM(BPF_ADD, 1, 1),
  store32(BLOCK, number, 1),
  load32(1, BLOCK, mask),
  BPF_ALU32_REG(BPF_AND, dst, 1),
  BPF_ALU32_IMM(BPF_LSH, dst, Math.log2(entryBytes)),
  load64(1, BLOCK, entries),
  BPF_ALU64_REG(BPF_ADD, dst, 1),
]

/** Fills the descriptor of the frame at r0, but for what is the same in the whole ring; leaves where its bytes go in r2, and its length in r3. */
function describe(routine: Routine): void {
  routine
    .add(store32(DESCRIPTOR, descriptor.frame, 0))
    .add(load32(2, BLOCK, block.headroomBytes), BPF_ALU64_REG(BPF_ADD, 2, 0), store32(DESCRIPTOR, descriptor.data, 2))
    .add(load32(3, SOURCE, source.lengthBytes), store32(DESCRIPTOR, descriptor.lengthBytes, 3))
    .add(load64(4, SOURCE, source.timestampNs), load64(5, BLOCK, block.startNs), BPF_ALU64_REG(BPF_ADD, 4, 5))
    .add(store64(DESCRIPTOR, descriptor.timestampNs, 4))
    .add(load32(4, SOURCE, source.packet), load32(5, BLOCK, block.firstPacket), BPF_ALU32_REG(BPF_ADD, 4, 5))
    .add(store32(DESCRIPTOR, descriptor.packetIndex, 4))
    .add(load32(4, SOURCE, source.rssHash), store32(DESCRIPTOR, descriptor.rssHash, 4))
  routine.add(load64(4, BLOCK, block.bytes), BPF_ALU64_REG(BPF_ADD, 4, 3), store64(BLOCK, block.bytes, 4))
}

/** Copies r3 bytes to r2, whole lines at a time: there is room behind every packet, and in the trace. */
function copy(routine: Routine): void {
  routine.add(load32(1, SOURCE, source.address), BPF_ALU64_REG(BPF_ADD, 3, 2)).label('line')
  for (let at = 0; at < TRACE_ALIGN_BYTES; at += 16) {
    routine
      .add(BPF_LDX_MEM(BPF_DW, 4, 1, at), BPF_LDX_MEM(BPF_DW, 5, 1, at + 8))
      .add(BPF_STX_MEM(BPF_DW, 2, 4, at), BPF_STX_MEM(BPF_DW, 2, 5, at + 8))
  }
  routine
    .add(BPF_ALU64_IMM(BPF_ADD, 1, TRACE_ALIGN_BYTES), BPF_ALU64_IMM(BPF_ADD, 2, TRACE_ALIGN_BYTES))
    .jump('line', BPF_JMP_REG(BPF_JGT, 3, 2, 0))
}

/** Touches the frame that is played later, and the description of one still later, so that both are in the cache then. */
function lookAhead(routine: Routine): void {
  const later = { offsetBytes: TRACE_LOOK_AHEAD * TRACE_FRAME.sizeBytes }
  routine
    .add(load32(1, SOURCE, { offsetBytes: later.offsetBytes + source.address.offsetBytes }))
    .add(BPF_LDX_MEM(BPF_B, 2, SOURCE, 2 * later.offsetBytes))
    .add(BPF_LDX_MEM(BPF_B, 1, 1, 0))
}

/** The next frame; behind the last one another round begins. */
function advance(routine: Routine): void {
  routine
    .add(BPF_ALU64_IMM(BPF_ADD, SOURCE, TRACE_FRAME.sizeBytes), load64(1, BLOCK, block.last))
    .jump('same round', BPF_JMP_REG(BPF_JNE, SOURCE, 1, 0))
    .add(load64(SOURCE, BLOCK, block.first))
    .add(load64(1, BLOCK, block.startNs), load64(2, BLOCK, block.roundNs), BPF_ALU64_REG(BPF_ADD, 1, 2))
    .add(store64(BLOCK, block.startNs, 1))
    .add(load32(1, BLOCK, block.firstPacket), load32(2, BLOCK, block.roundPackets), BPF_ALU32_REG(BPF_ADD, 1, 2))
    .add(store32(BLOCK, block.firstPacket, 1))
    .label('same round')
}

/** The card's DMA engine as BPF: puts `packets` (one at least) packets of a trace into the frames of a fill ring. */
function wireRoutine(): Routine {
  const routine = new Routine()
    .add(BPF_MOV64_REG(BLOCK, 1), load64(SOURCE, BLOCK, block.frame), load32(LEFT, BLOCK, block.packets))
    .label('packet')
    .add(...nextEntry(2, block.fill, block.head, block.fillMask, 4), load32(0, 2, { offsetBytes: 0 }))
    .add(...nextEntry(DESCRIPTOR, block.entries, block.tail, block.mask, FRAME_DESCRIPTOR_BYTES))
  describe(routine)
  copy(routine)
  lookAhead(routine)
  advance(routine)
  return routine
    .add(BPF_ALU64_IMM(BPF_SUB, LEFT, 1))
    .jump('packet', BPF_JMP_IMM(BPF_JNE, LEFT, 0, 0))
    .add(store64(BLOCK, block.frame, SOURCE), BPF_EXIT_INSN())
}

/** Id of {@link wireImage}: no poll program has it. */
export const WIRE_PROGRAM_ID: number = HIDDEN_PROGRAM_IDS

/**
 * The program by which a worker with an engine that compiles plays a trace: run with r1 = the guest address of a
 * WIRE_BLOCK. It publishes nothing: rings are moved on by whoever runs it.
 */
export function wireImage(): ProgramImage {
  const insns = wireRoutine().link()
  return {
    id: WIRE_PROGRAM_ID,
    name: 'wire',
    tag: '0000000000000000',
    type: PROG_TYPE.XDP,
    expectedAttachType: 0,
    insns,
    subprograms: [{ name: 'wire', start: 0, end: insns.length, stackDepthBytes: 0, hidden: true }],
    mapReferences: [],
    lines: [],
    gplCompatible: true,
  }
}
