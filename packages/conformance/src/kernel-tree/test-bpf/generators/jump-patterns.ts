import {
  BPF_ALU32_IMM,
  BPF_EXIT_INSN,
  BPF_JA,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JMP32_IMM,
  BPF_JMP32_REG,
  BPF_LD_IMM64,
  BPF_MOV,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  type Insn,
} from '@bpfoundry/isa'
import type { Source, Width } from './alu-patterns.ts'
import { patternProgram } from './operand-pattern.ts'
import { jumpTaken, lowWord } from './operations.ts'

/** A conditional jump on operands of all magnitudes: taken and not taken, as it must be. */
export function jumpPattern(width: Width, source: Source, operation: number): readonly Insn[] {
  const pattern = { dstBits: 64, srcBits: source === 'imm' ? 32 : 64, crossBlock: 1, equalBlock: 5 }
  const jump = instruction(width, source, operation)
  const narrow = (value: bigint): bigint => BigInt.asIntN(32, value)
  return patternProgram(pattern, (dst, src) => {
    const [a, b] = [width === 64 ? dst : narrow(dst), width === 64 && source === 'reg' ? src : narrow(src)]
    const taken = jumpTaken(operation, a, b)
    return [
      // Only these programs tell in r0 which way was right.
      ...(width === 64 && source === 'imm' ? [BPF_ALU32_IMM(BPF_MOV, BPF_REG_0, Number(taken))] : []),
      ...BPF_LD_IMM64(BPF_REG_1, dst),
      ...(source === 'reg' ? BPF_LD_IMM64(BPF_REG_2, src) : []),
      jump(src),
      ...(taken ? [] : [BPF_JMP_IMM(BPF_JA, 0, 0, 1)]),
      BPF_EXIT_INSN(),
    ]
  })
}

function instruction(width: Width, source: Source, operation: number): (src: bigint) => Insn {
  if (source === 'imm') {
    const withImmediate = width === 64 ? BPF_JMP_IMM : BPF_JMP32_IMM
    return (src) => withImmediate(operation, BPF_REG_1, lowWord(src), 1)
  }
  const withRegister = (width === 64 ? BPF_JMP_REG : BPF_JMP32_REG)(operation, BPF_REG_1, BPF_REG_2, 1)
  return () => withRegister
}
