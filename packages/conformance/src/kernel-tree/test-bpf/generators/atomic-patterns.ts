import {
  BPF_ATOMIC_OP,
  BPF_CMPXCHG,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_FETCH,
  BPF_JEQ,
  BPF_JMP_REG,
  BPF_JMP32_REG,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV32_IMM,
  BPF_MOV64_IMM,
  BPF_OP,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_REG_10,
  BPF_STX_MEM,
  BPF_W,
  BPF_XCHG,
  BPF_ZEXT_REG,
  type Insn,
} from '@bpfoundry/isa'
import type { Width } from './alu-patterns.ts'
import { exitUnlessEqual, patternProgram } from './operand-pattern.ts'
import { arithmeticResult, u32 } from './operations.ts'

const PATTERN = { dstBits: 64, srcBits: 64, crossBlock: 0, equalBlock: 5 }
/** What no atomic operation may touch: r0. */
const KEPT = 0x0123_4567_89ab_cdefn

/** How a width is spelt in instructions, and where its operand lies in the stack. */
const CELL = { 64: { size: BPF_DW, off: -8 }, 32: { size: BPF_W, off: -4 } } as const

/** What an operation leaves in memory: an exchange its operand, the others the result of the arithmetic. */
export function atomicResult(operation: number, memory: bigint, operand: bigint): bigint {
  return operation === BPF_XCHG ? operand : (arithmeticResult(BPF_OP(operation), memory, operand) as bigint)
}

/** An atomic operation on operands of all magnitudes: memory, the fetched value, and a register that it must leave alone. */
export function atomicPattern(width: Width, operation: number): readonly Insn[] {
  const { size, off } = CELL[width]
  const narrow = width === 64 ? (value: bigint): bigint => value : u32
  return patternProgram(PATTERN, (dst, src) => [
    ...BPF_LD_IMM64(BPF_REG_0, KEPT),
    ...BPF_LD_IMM64(BPF_REG_1, narrow(dst)),
    ...BPF_LD_IMM64(BPF_REG_2, src),
    ...BPF_LD_IMM64(BPF_REG_3, narrow(atomicResult(operation, narrow(dst), narrow(src)))),
    ...BPF_LD_IMM64(BPF_REG_4, operation & BPF_FETCH ? narrow(dst) : src),
    ...BPF_LD_IMM64(BPF_REG_5, KEPT),
    BPF_STX_MEM(size, BPF_REG_10, BPF_REG_1, off),
    BPF_ATOMIC_OP(size, operation, BPF_REG_10, BPF_REG_2, off),
    BPF_LDX_MEM(size, BPF_REG_1, BPF_REG_10, off),
    ...exitUnlessEqual(BPF_REG_1, BPF_REG_3),
    ...exitUnlessEqual(BPF_REG_2, BPF_REG_4),
    ...exitUnlessEqual(BPF_REG_0, BPF_REG_5),
  ])
}

/** A compare-and-exchange that fails and then one that succeeds, on operands of all magnitudes. */
export function compareExchangePattern(width: Width): readonly Insn[] {
  return patternProgram(PATTERN, width === 64 ? doublewordExchange : wordExchange)
}

const otherwise = (jump: Insn, fail: Insn): readonly Insn[] => [jump, fail, BPF_EXIT_INSN()]

/** r0 holds what is compared with; the second time it is what the first one brought. */
function doublewordExchange(dst: bigint, src: bigint): readonly Insn[] {
  const expectEqual = (a: number, b: number, check: number): readonly Insn[] =>
    otherwise(BPF_JMP_REG(BPF_JEQ, a, b, 2), BPF_MOV64_IMM(BPF_REG_0, check))
  const { size, off } = CELL[64]
  const exchange = BPF_ATOMIC_OP(size, BPF_CMPXCHG, BPF_REG_10, BPF_REG_2, off)
  const load = BPF_LDX_MEM(size, BPF_REG_3, BPF_REG_10, off)
  return [
    ...BPF_LD_IMM64(BPF_REG_0, ~dst),
    ...BPF_LD_IMM64(BPF_REG_1, dst),
    ...BPF_LD_IMM64(BPF_REG_2, src),
    BPF_STX_MEM(size, BPF_REG_10, BPF_REG_1, off),
    exchange,
    load,
    ...expectEqual(BPF_REG_1, BPF_REG_3, 2),
    ...expectEqual(BPF_REG_0, BPF_REG_3, 3),
    exchange,
    load,
    ...expectEqual(BPF_REG_2, BPF_REG_3, 4),
    ...expectEqual(BPF_REG_0, BPF_REG_1, 5),
  ]
}

/** As the verifier leaves it: it puts a zero extension of r0 after every 32-bit exchange. */
function wordExchange(dst: bigint, src: bigint): readonly Insn[] {
  const fail = (check: number): Insn => BPF_MOV32_IMM(BPF_REG_0, check)
  const { size, off } = CELL[32]
  const exchangeAndLoad = [
    BPF_ATOMIC_OP(size, BPF_CMPXCHG, BPF_REG_10, BPF_REG_2, off),
    BPF_ZEXT_REG(BPF_REG_0),
    BPF_LDX_MEM(size, BPF_REG_3, BPF_REG_10, off),
  ]
  return [
    ...BPF_LD_IMM64(BPF_REG_0, ~dst),
    ...BPF_LD_IMM64(BPF_REG_1, u32(dst)),
    ...BPF_LD_IMM64(BPF_REG_2, src),
    BPF_STX_MEM(size, BPF_REG_10, BPF_REG_1, off),
    ...exchangeAndLoad,
    ...otherwise(BPF_JMP32_REG(BPF_JEQ, BPF_REG_1, BPF_REG_3, 2), fail(2)),
    ...otherwise(BPF_JMP_REG(BPF_JEQ, BPF_REG_0, BPF_REG_3, 2), fail(3)),
    ...BPF_LD_IMM64(BPF_REG_0, dst),
    ...exchangeAndLoad,
    ...otherwise(BPF_JMP32_REG(BPF_JEQ, BPF_REG_2, BPF_REG_3, 2), fail(4)),
    ...otherwise(BPF_JMP_REG(BPF_JEQ, BPF_REG_0, BPF_REG_1, 2), fail(5)),
  ]
}
