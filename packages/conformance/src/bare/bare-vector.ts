import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JGT,
  BPF_JMP_REG,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_STX_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { PROG_TYPE, XDP_ACTION } from '@bpfoundry/kernel-abi'
import type { DataCase } from '../data-file/data-file.ts'
import type { Answer } from '../report/answer.ts'
import { createVector, type Vector } from '../vector/vector.ts'
import { askVector, type VectorKernel } from '../verified/vector-kernel.ts'

/** The frame: 8 bytes for r0, then the memory; at least what BPF_PROG_TEST_RUN takes. */
const RESULT_BYTES = 8
const LEAST_FRAME_BYTES = 64

/**
 * Asks a kernel, which verifies, for a bare case: as an XDP program whose first function hands r1 = memory (in the
 * packet) and r2 = its length to the case, which is called as a function so that all 64 bits of r0 come back.
 */
export function askBareOf(kernel: VectorKernel, bare: DataCase): Answer {
  const answer = askVector(kernel, bareVector(bare))
  if (answer.load_ok !== true || answer.data_out === undefined) return answer
  const frame = Buffer.from(answer.data_out, 'hex')
  const r0 = frame.readBigUInt64LE(0)
  const memory = frame.subarray(RESULT_BYTES, RESULT_BYTES + bare.memory.length)
  const retval = Number(BigInt.asUintN(32, r0))
  return { ...answer, r0: `0x${r0.toString(16)}`, retval, data_out: memory.toString('hex') }
}

/** A bare case as an XDP program: r0 comes back in the packet's first 8 bytes, and as far as it goes as the verdict. */
export function bareVector({ id, insns, memory }: DataCase): Vector {
  const dataIn = new Uint8Array(Math.max(LEAST_FRAME_BYTES, RESULT_BYTES + memory.length))
  dataIn.set(memory, RESULT_BYTES)
  return createVector({
    id,
    type: PROG_TYPE.XDP,
    insns: [...caller(memory.length), ...insns],
    logTail: 0,
    runs: [{ dataIn, repeat: 1, flags: 0 }],
  })
}

/** Looks the memory up in the packet, calls what follows, and puts r0 into the packet's first bytes. */
function caller(memoryBytes: number): readonly Insn[] {
  return [
    BPF_MOV64_REG(6, 1),
    BPF_LDX_MEM(BPF_W, 1, 6, 0),
    BPF_LDX_MEM(BPF_W, 2, 6, 4),
    BPF_MOV64_REG(3, 1),
    BPF_ALU64_IMM(BPF_ADD, 3, RESULT_BYTES + memoryBytes),
    BPF_JMP_REG(BPF_JGT, 3, 2, 11),
    BPF_ALU64_IMM(BPF_ADD, 1, RESULT_BYTES),
    memoryBytes === 0 ? BPF_MOV64_IMM(1, 0) : BPF_MOV64_REG(1, 1),
    BPF_MOV64_IMM(2, memoryBytes),
    BPF_CALL_REL(9),
    BPF_LDX_MEM(BPF_W, 1, 6, 0),
    BPF_LDX_MEM(BPF_W, 2, 6, 4),
    BPF_MOV64_REG(3, 1),
    BPF_ALU64_IMM(BPF_ADD, 3, RESULT_BYTES),
    BPF_JMP_REG(BPF_JGT, 3, 2, 1),
    BPF_STX_MEM(BPF_DW, 1, 0, 0),
    BPF_EXIT_INSN(),
    BPF_MOV64_IMM(0, XDP_ACTION.PASS),
    BPF_EXIT_INSN(),
  ]
}
