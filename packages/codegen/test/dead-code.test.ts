import { BPF_B, BPF_EXIT_INSN, BPF_LDX_MEM, BPF_MOV64_IMM, BPF_REG_0, BPF_REG_1, BPF_REG_5 } from '@bpfoundry/isa'
import { expect, test } from 'vitest'
import { optimise } from '../src/index.ts'

const INSNS = [BPF_LDX_MEM(BPF_B, BPF_REG_5, BPF_REG_1, 0), BPF_MOV64_IMM(BPF_REG_0, 0), BPF_EXIT_INSN()]

test.each([
  [false, 2],
  [true, 3],
] as const)('a load that nobody reads is dropped, but where drivers touch memory (hidden: %s)', (hidden, length) => {
  const main = { name: 'main', start: 0, end: INSNS.length, stackDepthBytes: 0, hidden }
  expect(optimise({ insns: INSNS, subprograms: [main] }).insns.length).toBe(length)
})
