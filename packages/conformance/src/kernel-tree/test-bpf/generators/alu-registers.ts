import {
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_ARSH,
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_LSH,
  BPF_MOV64_IMM,
  BPF_REG_0,
  BPF_RSH,
  type Insn,
} from '@bpfoundry/isa'
import type { Width } from './alu-patterns.ts'
import { expectValue, failure64, OPERAND_REGISTERS } from './operand-registers.ts'
import { arithmeticResult, lowWord, u32 } from './operations.ts'

const IMMEDIATE = 0x0123_4567n
const OPERANDS = {
  64: { dst: 0x7edc_ba98_7654_3210n, src: 0x0123_4567_89ab_cdefn },
  32: { dst: 0x7654_3210n, src: 0x0123_4567n },
} as const

const SHIFTS = [BPF_LSH, BPF_RSH, BPF_ARSH]
/** A count that both widths can be shifted by. */
const shiftable = (operation: number, operand: bigint): bigint => (SHIFTS.includes(operation) ? operand & 31n : operand)

const resultOf = (width: Width, operation: number, a: bigint, b: bigint): bigint => {
  const result = arithmeticResult(operation, a, b) as bigint
  return width === 64 ? result : u32(result)
}

/** An operation with an immediate in every register: back ends that call a function for it must move its operands. */
export function aluImmediateRegisters(width: Width, operation: number): readonly Insn[] {
  const { dst } = OPERANDS[width]
  const immediate = shiftable(operation, IMMEDIATE)
  const result = resultOf(width, operation, dst, immediate)
  const operate = width === 64 ? BPF_ALU64_IMM : BPF_ALU32_IMM
  const insns = OPERAND_REGISTERS.flatMap((register) => [
    ...BPF_LD_IMM64(register, dst),
    operate(operation, register, lowWord(immediate)),
    ...expectValue(register, result, 2, failure64),
  ])
  return [...insns, BPF_MOV64_IMM(BPF_REG_0, 1), BPF_EXIT_INSN()]
}

/** An operation on every pair of registers, the same one twice among them. */
export function aluRegisterPairs(width: Width, operation: number): readonly Insn[] {
  const { dst, src: wide } = OPERANDS[width]
  const src = shiftable(operation, wide)
  const [result, same] = [dst, src].map((first) => resultOf(width, operation, first, src)) as [bigint, bigint]
  const operate = width === 64 ? BPF_ALU64_REG : BPF_ALU32_REG
  const pairs = OPERAND_REGISTERS.flatMap((rd) => OPERAND_REGISTERS.map((rs) => [rd, rs] as const))
  const insns = pairs.flatMap(([rd, rs]) => [
    ...BPF_LD_IMM64(rd, dst),
    ...BPF_LD_IMM64(rs, src),
    operate(operation, rd, rs),
    ...expectValue(rd, rd === rs ? same : result, 2, failure64),
  ])
  return [...insns, BPF_MOV64_IMM(BPF_REG_0, 1), BPF_EXIT_INSN()]
}
