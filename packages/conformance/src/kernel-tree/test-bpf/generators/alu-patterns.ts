import {
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_LD_IMM64,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  type Insn,
} from '@bpfoundry/isa'
import { exitUnlessEqual, patternProgram } from './operand-pattern.ts'
import { arithmeticResult, lowWord, u32 } from './operations.ts'

/** 64- or 32-bit form of an instruction. */
export type Width = 64 | 32
/** Second operand: an immediate or a register. */
export type Source = 'imm' | 'reg'

const DST = BPF_REG_1
const SRC = BPF_REG_2
const REFERENCE = BPF_REG_3

/** An arithmetic operation on operands of all magnitudes: back ends choose an encoding by the size of an immediate. */
export function aluPattern(width: Width, source: Source, operation: number): readonly Insn[] {
  const pattern = { dstBits: 64, srcBits: source === 'imm' ? 32 : 64, crossBlock: 1, equalBlock: 5 }
  const operate = instruction(width, source, operation)
  return patternProgram(pattern, (dst, src) => {
    const result = expected(width, source, operation, dst, src)
    if (result === undefined) return []
    return [
      ...BPF_LD_IMM64(DST, dst),
      ...(source === 'reg' ? BPF_LD_IMM64(SRC, src) : []),
      ...BPF_LD_IMM64(REFERENCE, result),
      operate(src),
      ...exitUnlessEqual(DST, REFERENCE),
    ]
  })
}

function expected(width: Width, source: Source, operation: number, dst: bigint, src: bigint): bigint | undefined {
  if (width === 64) return arithmeticResult(operation, dst, source === 'imm' ? BigInt.asIntN(32, src) : src)
  const result = arithmeticResult(operation, u32(dst), u32(src))
  return result === undefined ? undefined : u32(result)
}

function instruction(width: Width, source: Source, operation: number): (src: bigint) => Insn {
  if (source === 'imm') {
    const withImmediate = width === 64 ? BPF_ALU64_IMM : BPF_ALU32_IMM
    return (src) => withImmediate(operation, DST, lowWord(src))
  }
  const withRegister = (width === 64 ? BPF_ALU64_REG : BPF_ALU32_REG)(operation, DST, SRC)
  return () => withRegister
}
