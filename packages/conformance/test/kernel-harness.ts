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
import { errnoName, LOG_LEVEL, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { KernelOracle } from '@bpfoundry/kernel-oracle'

/** What the running kernel makes of a bare program: all 64 bits of r0, or why it refuses. */
export type KernelAnswer = { readonly r0: bigint } | { readonly refused: string }

/** The frame: 8 bytes for r0, then the memory, at least as long as an Ethernet header. */
const RESULT_BYTES = 8

/**
 * Asks the kernel, as an XDP program: a first function hands r1 = memory (in the packet) and r2 = its length to the
 * program, which is called as a function so that all of r0 comes back, and puts r0 into the packet.
 */
export function askKernel(oracle: KernelOracle, insns: readonly Insn[], memory: Uint8Array): KernelAnswer {
  const program = { type: PROG_TYPE.XDP, insns: wrapped(insns, memory) }
  const answer = oracle.loadProgram({ ...program, logLevel: 0 })
  if (!answer.ok) {
    const { errno, log } = oracle.loadProgram({ ...program, logLevel: LOG_LEVEL.PATH })
    return { refused: `${errnoName(errno)}: ${reasonIn(log)}` }
  }
  try {
    const dataIn = new Uint8Array(Math.max(64, RESULT_BYTES + memory.length))
    dataIn.set(memory, RESULT_BYTES)
    const { dataOut, errno } = oracle.testRun(answer.fd, { dataIn })
    if (errno !== 0) return { refused: `test run: ${errnoName(errno)}` }
    return { r0: new DataView(dataOut.buffer).getBigUint64(0, true) }
  } finally {
    oracle.close(answer.fd)
  }
}

function wrapped(insns: readonly Insn[], memory: Uint8Array): readonly Insn[] {
  const end = RESULT_BYTES + memory.length
  const body = [
    BPF_MOV64_REG(6, 1),
    BPF_LDX_MEM(BPF_W, 1, 6, 0),
    BPF_LDX_MEM(BPF_W, 2, 6, 4),
    BPF_MOV64_REG(3, 1),
    BPF_ALU64_IMM(BPF_ADD, 3, end),
    BPF_JMP_REG(BPF_JGT, 3, 2, 10),
    BPF_ALU64_IMM(BPF_ADD, 1, RESULT_BYTES),
    ...(memory.length === 0 ? [BPF_MOV64_IMM(1, 0)] : [BPF_MOV64_REG(1, 1)]),
    BPF_MOV64_IMM(2, memory.length),
    BPF_CALL_REL(8),
    BPF_LDX_MEM(BPF_W, 1, 6, 0),
    BPF_LDX_MEM(BPF_W, 2, 6, 4),
    BPF_MOV64_REG(3, 1),
    BPF_ALU64_IMM(BPF_ADD, 3, RESULT_BYTES),
    BPF_JMP_REG(BPF_JGT, 3, 2, 1),
    BPF_STX_MEM(BPF_DW, 1, 0, 0),
    BPF_MOV64_IMM(0, 2),
    BPF_EXIT_INSN(),
  ]
  return [...body, ...insns]
}

/** The log's last line that is neither a state nor a statistic. */
function reasonIn(log: string): string {
  const lines = log
    .split('\n')
    .filter((line) => line !== '' && !/^(processed|verification time|stack depth)/.test(line))
  return lines.at(-1) ?? ''
}
