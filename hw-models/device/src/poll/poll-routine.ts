import { CPU_BLOCK } from '@bpfoundry/engine'
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
  BPF_JEQ,
  BPF_JLE,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JMP32_IMM,
  BPF_JMP32_REG,
  BPF_JNE,
  BPF_LDX_MEM,
  BPF_LSH,
  BPF_MOV32_IMM,
  BPF_MOV32_REG,
  BPF_MOV64_IMM,
  BPF_MOV64_PERCPU_REG,
  BPF_MOV64_REG,
  BPF_OR,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_SUB,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { XDP_ACTION, XDP_BUFF } from '@bpfoundry/kernel-abi'
import { FRAME_DESCRIPTOR, FRAME_DESCRIPTOR_BYTES } from '../frame-descriptor.ts'
import { POOL_FRAMES_OFFSET_BYTES } from '../frame-pool.ts'
import { POLL_BLOCK, POLL_PACKETS, POLL_RECORD } from './poll-block.ts'
import { Routine } from './routine.ts'

const block = POLL_BLOCK.fields
const descriptor = FRAME_DESCRIPTOR.fields
const record = POLL_RECORD.fields
const cpu = CPU_BLOCK.fields

/** Kept over the program's call: the poll block, the packet's descriptor, its ring number in a scout pass, struct xdp_buff. */
const BLOCK = 6
const DESCRIPTOR = 7
const AHEAD = 8
const BUFF = 9

/** Label of the program that {@link pollRoutine} runs. */
export const PROGRAM = 'program'

interface Place {
  readonly offsetBytes: number
}

const load32 = (dst: number, base: number, { offsetBytes }: Place): Insn => BPF_LDX_MEM(BPF_W, dst, base, offsetBytes)
const store32 = (base: number, { offsetBytes }: Place, src: number): Insn => BPF_STX_MEM(BPF_W, base, src, offsetBytes)
const load64 = (dst: number, base: number, { offsetBytes }: Place): Insn => BPF_LDX_MEM(BPF_DW, dst, base, offsetBytes)
const store64 = (base: number, { offsetBytes }: Place, src: number): Insn => BPF_STX_MEM(BPF_DW, base, src, offsetBytes)

/** `*(u64 *)(base + place) += src`, by way of `scratch`. */
const addTo = (base: number, place: Place, src: number, scratch: number): readonly Insn[] => [
  load64(scratch, base, place),
  BPF_ALU64_REG(BPF_ADD, scratch, src),
  store64(base, place, scratch),
]

/** Guest address of the CPU block. */
const cpuBlock = (dst: number): readonly Insn[] => [BPF_MOV64_IMM(dst, 0), BPF_MOV64_PERCPU_REG(dst, dst)]

/** Address of the descriptor with the ring number in `dst`. */
const descriptorOf = (dst: number, scratch: number): readonly Insn[] => [
  load32(scratch, BLOCK, block.mask),
  BPF_ALU32_REG(BPF_AND, dst, scratch),
  BPF_ALU32_IMM(BPF_LSH, dst, Math.log2(FRAME_DESCRIPTOR_BYTES)),
  load64(scratch, BLOCK, block.entries),
  BPF_ALU64_REG(BPF_ADD, dst, scratch),
]

/** struct xdp_buff of the packet at the descriptor, as far as it differs from packet to packet. */
const fillBuff = (): readonly Insn[] => [
  load32(1, DESCRIPTOR, descriptor.data),
  load32(5, DESCRIPTOR, descriptor.lengthBytes),
  load32(3, DESCRIPTOR, descriptor.metaBytes),
  load32(4, DESCRIPTOR, descriptor.frame),
  store64(BUFF, { offsetBytes: XDP_BUFF.data }, 1),
  BPF_MOV64_REG(2, 1),
  BPF_ALU64_REG(BPF_ADD, 2, 5),
  store64(BUFF, { offsetBytes: XDP_BUFF.dataEnd }, 2),
  BPF_ALU64_REG(BPF_SUB, 1, 3),
  store64(BUFF, { offsetBytes: XDP_BUFF.dataMeta }, 1),
  store64(BUFF, { offsetBytes: XDP_BUFF.dataHardStart }, 4),
]

/** The buffer's flags, for programs that know packets with frags. */
const fillFlags: readonly Insn[] = [
  load32(1, DESCRIPTOR, descriptor.flags),
  store32(BUFF, { offsetBytes: XDP_BUFF.flags }, 1),
]

/** `dst` = address of the `AHEAD`-th packet's entry in the list of addresses, which lies where records will be. */
const entryOf = (dst: number, scratch: number): readonly Insn[] => [
  BPF_MOV32_REG(dst, AHEAD),
  load32(scratch, BLOCK, block.next),
  BPF_ALU32_REG(BPF_SUB, dst, scratch),
  BPF_ALU32_IMM(BPF_LSH, dst, 3),
  load64(scratch, BLOCK, block.records),
  BPF_ALU64_REG(BPF_ADD, dst, scratch),
]

/** A load into a register that nobody reads, which back ends may make a prefetch of. */
const touch = (base: number): Insn => BPF_LDX_MEM(BPF_B, 4, base, 0)

/** One pass of a scout over all packets that are to come. */
function scoutPass(routine: Routine, scout: string, prefetches: boolean): void {
  routine
    .add(load32(AHEAD, BLOCK, block.next))
    .label(`${scout} again`)
    .add(BPF_MOV32_REG(DESCRIPTOR, AHEAD), ...descriptorOf(DESCRIPTOR, 1), ...fillBuff(), BPF_MOV64_REG(1, BUFF))
    .call(scout)
    .jump(`${scout} found`, BPF_JMP_IMM(BPF_JNE, 0, 0, 0))
    // Something that is near.
    .add(BPF_MOV64_REG(0, BLOCK))
    .label(`${scout} found`)
    .add(...(prefetches ? [touch(0)] : [...entryOf(2, 1), store64(2, { offsetBytes: 0 }, 0)]))
    .add(BPF_ALU32_IMM(BPF_ADD, AHEAD, 1), load32(1, BLOCK, block.end))
    .jump(`${scout} again`, BPF_JMP32_REG(BPF_JNE, AHEAD, 1, 0))
  if (!prefetches) touchListed(routine, scout)
}

/**
 * Touches what was listed. A load holds up what is behind it once the processor has some hundred instructions under way:
 * those of few packets if scouts stood between the loads, but here of all of them.
 */
function touchListed(routine: Routine, scout: string): void {
  routine
    .add(...entryOf(2, 1), load64(3, BLOCK, block.records))
    .label(`${scout} touch`)
    .add(load64(1, 3, { offsetBytes: 0 }), touch(1), BPF_ALU64_IMM(BPF_ADD, 3, 8))
    .jump(`${scout} touch`, BPF_JMP_REG(BPF_JNE, 3, 2, 0))
}

/** Takes the next packet: struct xdp_buff, the time, and the program's verdict in w0. */
function runProgram(routine: Routine, frags: boolean): void {
  routine
    .add(load32(DESCRIPTOR, BLOCK, block.next), BPF_MOV32_REG(1, DESCRIPTOR))
    .add(BPF_ALU32_IMM(BPF_ADD, 1, 1), store32(BLOCK, block.next, 1))
    .add(...descriptorOf(DESCRIPTOR, 1), ...fillBuff(), ...(frags ? fillFlags : []))
    .add(...cpuBlock(2), load64(1, DESCRIPTOR, descriptor.timestampNs), store64(2, cpu.nowNs, 1))
    .add(BPF_MOV64_REG(1, BUFF))
    .call(PROGRAM)
    .add(BPF_MOV32_REG(0, 0))
  // The loop gives back one frame a packet: whoever has more of them is the driver's to settle.
  if (frags) routine.add(load32(1, DESCRIPTOR, descriptor.flags)).jump('record', BPF_JMP32_IMM(BPF_JNE, 1, 0, 0))
}

/** `*(u64 *)(block + total) += length as received`; leaves the length in r2. */
const addLength = (total: Place): readonly Insn[] => [
  load32(2, DESCRIPTOR, descriptor.lengthBytes),
  ...addTo(BLOCK, total, 2, 1),
]

/** Counts a packet that passed and that nobody looks at. */
const countPassed: readonly Insn[] = [
  load32(1, BLOCK, block.passed),
  BPF_ALU32_IMM(BPF_ADD, 1, 1),
  store32(BLOCK, block.passed, 1),
  ...addLength(block.passedBytes),
  load64(2, BUFF, { offsetBytes: XDP_BUFF.dataEnd }),
  load64(1, BUFF, { offsetBytes: XDP_BUFF.data }),
  BPF_ALU64_REG(BPF_SUB, 2, 1),
  ...addTo(BLOCK, block.stackBytes, 2, 1),
]

/** Posts the packet's frame to the card again, or puts it on the pool's stack when the fill ring is full. */
function giveBack(routine: Routine): void {
  routine
    .add(load32(4, DESCRIPTOR, descriptor.frame))
    .add(load32(2, BLOCK, block.fillTail), load32(1, BLOCK, block.fillEnd))
    .jump('pool', BPF_JMP32_REG(BPF_JEQ, 2, 1, 0))
    .add(BPF_MOV32_REG(3, 2), BPF_ALU32_IMM(BPF_ADD, 2, 1), store32(BLOCK, block.fillTail, 2))
    .add(load32(1, BLOCK, block.fillMask), BPF_ALU32_REG(BPF_AND, 3, 1), BPF_ALU32_IMM(BPF_LSH, 3, 2))
    .add(load64(1, BLOCK, block.fill), BPF_ALU64_REG(BPF_ADD, 3, 1), store32(3, { offsetBytes: 0 }, 4))
    .jump('next')
    .label('pool')
    .add(load64(1, BLOCK, block.pool), load32(2, 1, { offsetBytes: 0 }), BPF_MOV64_REG(3, 2))
    .add(BPF_ALU64_IMM(BPF_LSH, 3, 2), BPF_ALU64_REG(BPF_ADD, 3, 1))
    .add(store32(3, { offsetBytes: POOL_FRAMES_OFFSET_BYTES }, 4))
    .add(BPF_ALU64_IMM(BPF_ADD, 2, 1), store32(1, { offsetBytes: 0 }, 2))
}

/** Writes a record of a packet whose verdict is in r0. */
function keepRecord(routine: Routine): void {
  routine
    .add(load32(2, BLOCK, block.recordCount), BPF_MOV64_REG(3, 2))
    .add(BPF_ALU64_IMM(BPF_ADD, 3, 1), store32(BLOCK, block.recordCount, 3))
    .add(BPF_ALU64_IMM(BPF_LSH, 2, Math.log2(POLL_RECORD.sizeBytes)))
    .add(load64(1, BLOCK, block.records), BPF_ALU64_REG(BPF_ADD, 1, 2))
    .add(store32(1, record.descriptor, DESCRIPTOR), store32(1, record.verdict, 0))
  for (const [place, field] of [
    [record.data, XDP_BUFF.data],
    [record.dataEnd, XDP_BUFF.dataEnd],
    [record.dataMeta, XDP_BUFF.dataMeta],
  ] as const) {
    routine.add(load64(2, BUFF, { offsetBytes: field }), store32(1, place, 2))
  }
}

/** Moves what bpf_redirect left in the CPU's block to the record at r1: the next program may redirect, too. */
function takeRedirect(routine: Routine): void {
  routine
    .add(...cpuBlock(2), load32(3, 2, cpu.redirectIfindex), store32(1, record.redirectFound, 3))
    .add(load32(3, 2, cpu.redirectMap), load32(4, 2, cpu.redirectFlags), BPF_ALU64_REG(BPF_OR, 3, 4))
    .add(store32(1, record.redirectMap, 3), load32(3, 2, cpu.redirectIndex), store32(1, record.redirectIndex, 3))
  for (const field of [cpu.redirectMap, cpu.redirectIfindex, cpu.redirectFlags]) {
    routine.add(BPF_ST_MEM(BPF_W, 2, field.offsetBytes, 0))
  }
}

/** On with another poll, up to the packet numbered `last`: unless the driver has packets of this one to settle first. */
function pollAgain(routine: Routine): void {
  routine
    .add(load32(0, BLOCK, block.recordCount), load32(1, BLOCK, block.next), load32(2, BLOCK, block.last))
    .jump('done', BPF_JMP32_IMM(BPF_JNE, 0, 0, 0))
    .jump('done', BPF_JMP32_REG(BPF_JEQ, 1, 2, 0))
    .add(BPF_ALU32_REG(BPF_SUB, 2, 1))
    .jump('not whole', BPF_JMP32_IMM(BPF_JLE, 2, POLL_PACKETS, 0))
    .add(BPF_MOV32_IMM(2, POLL_PACKETS))
    .label('not whole')
    .add(BPF_ALU32_REG(BPF_ADD, 2, 1), store32(BLOCK, block.end, 2))
    .jump('poll')
    .label('done')
}

/**
 * The receive loop of a driver, from the packet numbered `next` to `end` (one at least): runs the program, whose entry
 * is the label {@link PROGRAM}, on each packet, and leaves records of those whose frames it does not give back. Where there
 * are none it goes on with the next poll, up to `last`.
 *
 * r1 is the guest address of a {@link POLL_BLOCK}; r0 is the number of records.
 *
 * @param scouts labels of subprograms, each of which is called for all packets before the first program runs
 * @param frags whether the program gets packets over several buffers
 * @param prefetches whether the engine makes prefetches of touches
 */
export function pollRoutine(scouts: readonly string[], frags = false, prefetches = false): Routine {
  const routine = new Routine().add(BPF_MOV64_REG(BLOCK, 1), load64(BUFF, BLOCK, block.xdpBuff)).label('poll')
  if (scouts.length > 0) {
    routine.add(load32(1, BLOCK, block.scout)).jump('packet', BPF_JMP32_IMM(BPF_JEQ, 1, 0, 0))
    for (const scout of scouts) scoutPass(routine, scout, prefetches)
  }
  runProgram(routine.label('packet'), frags)
  routine
    .jump('drop', BPF_JMP32_IMM(BPF_JEQ, 0, XDP_ACTION.DROP, 0))
    .jump('record', BPF_JMP32_IMM(BPF_JNE, 0, XDP_ACTION.PASS, 0))
    .add(load32(1, BLOCK, block.passes))
    .jump('pass', BPF_JMP32_IMM(BPF_JNE, 1, 0, 0))
  keepRecord(routine.label('record'))
  routine.jump('next', BPF_JMP32_IMM(BPF_JNE, 0, XDP_ACTION.REDIRECT, 0))
  takeRedirect(routine)
  routine
    .jump('next')
    .label('pass')
    .add(...countPassed)
    .jump('give back')
    .label('drop')
    .add(...addLength(block.droppedBytes))
  giveBack(routine.label('give back'))
  routine
    .label('next')
    .add(load32(1, BLOCK, block.next), load32(2, BLOCK, block.end))
    .jump('packet', BPF_JMP32_REG(BPF_JNE, 1, 2, 0))
  pollAgain(routine)
  return routine.add(BPF_EXIT_INSN())
}
