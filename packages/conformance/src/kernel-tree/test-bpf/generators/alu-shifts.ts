import {
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_ARSH,
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_MOV,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  type Insn,
} from '@bpfoundry/isa'
import type { Source, Width } from './alu-patterns.ts'
import { exitUnlessEqual } from './operand-pattern.ts'
import { arithmeticResult, u32 } from './operations.ts'

/** Both signs of the doubleword with both signs of the low word. */
const SHIFTED = [0x0123_4567_89ab_cdefn, 0xfedc_ba98_7654_3210n, 0xfedc_ba01_9876_5432n, 0x0123_4589_67ab_cdefn]

/** Shifts by every valid count; by an immediate, by a register. */
export function shifts(width: Width, source: Source, operation: number): readonly Insn[] {
  const insns: Insn[] = [BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 0)]
  for (const value of SHIFTED) {
    insns.push(...BPF_LD_IMM64(BPF_REG_3, value))
    for (let count = 0; count < width; count++) {
      insns.push(
        BPF_ALU64_REG(BPF_MOV, BPF_REG_1, BPF_REG_3),
        BPF_ALU64_IMM(BPF_MOV, BPF_REG_2, count),
        shift(width, source, operation, count),
        ...BPF_LD_IMM64(BPF_REG_4, shifted(width, operation, value, BigInt(count))),
        ...exitUnlessEqual(BPF_REG_1, BPF_REG_4),
      )
    }
  }
  insns.push(BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 1), BPF_EXIT_INSN())
  return insns
}

/** Shifts of a register by itself. */
export function shiftsBySameRegister(width: Width, operation: number): readonly Insn[] {
  const insns: Insn[] = [BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 0)]
  for (let count = 0; count < width; count++) {
    insns.push(
      BPF_ALU64_IMM(BPF_MOV, BPF_REG_1, count),
      (width === 64 ? BPF_ALU64_REG : BPF_ALU32_REG)(operation, BPF_REG_1, BPF_REG_1),
      ...BPF_LD_IMM64(BPF_REG_2, shifted(width, operation, BigInt(count), BigInt(count))),
      ...exitUnlessEqual(BPF_REG_1, BPF_REG_2),
    )
  }
  insns.push(BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 1), BPF_EXIT_INSN())
  return insns
}

function shift(width: Width, source: Source, operation: number, count: number): Insn {
  if (source === 'imm') return (width === 64 ? BPF_ALU64_IMM : BPF_ALU32_IMM)(operation, BPF_REG_1, count)
  return (width === 64 ? BPF_ALU64_REG : BPF_ALU32_REG)(operation, BPF_REG_1, BPF_REG_2)
}

function shifted(width: Width, operation: number, value: bigint, count: bigint): bigint {
  if (width === 64) return arithmeticResult(operation, value, count) as bigint
  const word = operation === BPF_ARSH ? BigInt.asIntN(32, value) : u32(value)
  return u32(arithmeticResult(operation, word, count) as bigint)
}
