import type { InlinedProgram, ProgramImage, Subprogram } from '@bpfoundry/engine'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_LD_IMM64,
  BPF_MOV32_IMM,
  BPF_MOV64_REG,
  BPF_STX_MEM,
  type Insn,
} from '@bpfoundry/isa'
import { XDP_BUFF } from '@bpfoundry/kernel-abi'

/** A frame that each run is to find where and as it was. */
export interface FramePlace {
  readonly data: number
  readonly dataEnd: number
  /** What a program that moves the frame's start writes over: 16 bytes. */
  readonly head: Uint8Array
}

/**
 * A program that calls another one `times` times with the same r1: a hidden loop in front, which every engine compiles,
 * so that a call from JavaScript counts for nothing.
 *
 * @param id of the new program: another one than the image's
 */
export function loopedImage(image: ProgramImage, id: number, times: number, frame?: FramePlace): ProgramImage {
  const loop = loopInsns(times, frame)
  const shift = loop.length
  const behind = (program: InlinedProgram): InlinedProgram => ({
    insns: [...loop, ...program.insns],
    subprograms: [{ name: 'loop', start: 0, end: shift, stackDepthBytes: 0, hidden: true }, ...moved(program, shift)],
    lines: [],
  })
  return {
    ...image,
    ...behind(image),
    id,
    mapReferences: image.mapReferences.map((reference) => ({ ...reference, pc: reference.pc + shift })),
    ...(image.inlined === undefined ? {} : { inlined: behind(image.inlined) }),
  }
}

function moved({ subprograms }: InlinedProgram, shift: number): Subprogram[] {
  return subprograms.map((subprogram) => ({
    ...subprogram,
    start: subprogram.start + shift,
    end: subprogram.end + shift,
  }))
}

/** r6 = context, r7 = turns left, r8 and r9 the frame's ends. */
function loopInsns(times: number, frame: FramePlace | undefined): readonly Insn[] {
  const place = frame === undefined ? [] : [BPF_MOV32_IMM(8, frame.data), BPF_MOV32_IMM(9, frame.dataEnd)]
  const put = frame === undefined ? [] : putBack(frame)
  const turn = put.length + 4
  return [
    BPF_MOV64_REG(6, 1),
    BPF_MOV32_IMM(7, times),
    ...place,
    ...put,
    BPF_MOV64_REG(1, 6),
    BPF_CALL_REL(3),
    BPF_ALU64_IMM(BPF_ADD, 7, -1),
    BPF_JMP_IMM(BPF_JNE, 7, 0, -turn),
    BPF_EXIT_INSN(),
  ]
}

function putBack({ head }: FramePlace): readonly Insn[] {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  return [
    BPF_STX_MEM(BPF_DW, 6, 8, XDP_BUFF.data),
    BPF_STX_MEM(BPF_DW, 6, 8, XDP_BUFF.dataMeta),
    BPF_STX_MEM(BPF_DW, 6, 9, XDP_BUFF.dataEnd),
    ...[0, 8].flatMap((offset) => [
      ...BPF_LD_IMM64(2, view.getBigUint64(offset, true)),
      BPF_STX_MEM(BPF_DW, 8, 2, offset),
    ]),
  ]
}
