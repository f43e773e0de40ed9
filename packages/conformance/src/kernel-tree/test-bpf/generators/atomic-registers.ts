import {
  BPF_ALU64_REG,
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
  BPF_MOV64_REG,
  BPF_OP,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_10,
  BPF_STX_MEM,
  BPF_W,
  BPF_XCHG,
  BPF_ZEXT_REG,
  type Insn,
} from '@bpfoundry/isa'
import type { Width } from './alu-patterns.ts'
import { atomicResult } from './atomic-patterns.ts'
import { expectValue, type Failure, OPERAND_REGISTERS } from './operand-registers.ts'

/** The cell lies at the same place for both widths. */
const OFF = -8
const VALUES = {
  64: { size: BPF_DW, memory: 0x0123_4567_89ab_cdefn, update: 0xfedc_ba98_7654_3210n },
  32: { size: BPF_W, memory: 0x0123_4567n, update: 0x7654_3210n },
} as const

/** Numbers of the checks; the first two take two each, a word a number. */
const CHECK = { r0: 2, source: 4, destination: 6, memory: 7 }

const failure32: Failure = (check) => [BPF_MOV32_IMM(BPF_REG_0, check), BPF_EXIT_INSN()]

/** An operation with registers `rd` (the address) and `rs`. */
interface Operation {
  readonly width: Width
  readonly operation: number
  readonly rd: number
  readonly rs: number
}

/** An atomic operation with every pair of registers: r0 is implied by a compare-and-exchange, and may be either of them. */
export function atomicRegisterPairs(width: Width, operation: number): readonly Insn[] {
  const pairs = OPERAND_REGISTERS.flatMap((rd) => OPERAND_REGISTERS.map((rs) => ({ width, operation, rd, rs })))
  return [...pairs.flatMap(tryPair), BPF_MOV64_IMM(BPF_REG_0, 1), BPF_EXIT_INSN()]
}

function tryPair(pair: Operation): readonly Insn[] {
  const { width, operation, rd, rs } = pair
  const { size, memory, update } = VALUES[width]
  const [r0, source] = [expectedR0(pair), expectedSource(pair)]
  return [
    ...BPF_LD_IMM64(BPF_REG_0, memory),
    BPF_STX_MEM(size, BPF_REG_10, BPF_REG_0, OFF),
    ...BPF_LD_IMM64(BPF_REG_0, ~memory),
    ...BPF_LD_IMM64(rs, update),
    BPF_MOV64_REG(rd, BPF_REG_10),
    BPF_ATOMIC_OP(size, operation, rd, rs, OFF),
    ...(operation === BPF_CMPXCHG && width === 32 ? [BPF_ZEXT_REG(BPF_REG_0)] : []),
    ...(r0 === undefined ? [] : expectValue(BPF_REG_0, r0, CHECK.r0, failure32)),
    ...(source === undefined ? [] : expectValue(rs, source, CHECK.source, failure32)),
    ...(keepsAddress(pair) ? [BPF_JMP_REG(BPF_JEQ, rd, BPF_REG_10, 2), ...failure32(CHECK.destination)] : []),
    ...expectMemory(pair),
  ]
}

/** Undefined where r0 is also another operand, whose own check tells. */
function expectedR0({ width, operation, rd, rs }: Operation): bigint | undefined {
  const { memory } = VALUES[width]
  if (operation === BPF_CMPXCHG) return memory
  return rd === BPF_REG_0 || rs === BPF_REG_0 ? undefined : BigInt.asUintN(64, ~memory)
}

function expectedSource({ width, operation, rd, rs }: Operation): bigint | undefined {
  const { memory, update } = VALUES[width]
  const exchange = operation === BPF_CMPXCHG
  const fetches = !exchange && (operation & BPF_FETCH) !== 0
  if (exchange && rs === BPF_REG_0) return undefined
  if (rs === rd && !fetches) return undefined
  return fetches ? memory : update
}

const keepsAddress = ({ operation, rd, rs }: Operation): boolean =>
  !(rd === BPF_REG_0 && operation === BPF_CMPXCHG) && !(rd === rs && (operation & BPF_FETCH) !== 0)

function expectMemory(pair: Operation): readonly Insn[] {
  const compare = pair.width === 64 ? BPF_JMP_REG : BPF_JMP32_REG
  return [
    ...loadExpectedMemory(pair),
    BPF_LDX_MEM(VALUES[pair.width].size, BPF_REG_0, BPF_REG_10, OFF),
    compare(BPF_JEQ, BPF_REG_0, BPF_REG_1, 2),
    ...failure32(CHECK.memory),
  ]
}

/** Into r1. Where one register is address and operand, the operand was the address, known at run time only. */
function loadExpectedMemory({ width, operation, rd, rs }: Operation): readonly Insn[] {
  const { memory, update } = VALUES[width]
  // No exchange: r0 was made to differ from memory.
  if (operation === BPF_CMPXCHG) return BPF_LD_IMM64(BPF_REG_1, memory)
  if (rs !== rd) return BPF_LD_IMM64(BPF_REG_1, atomicResult(operation, memory, update))
  if (operation === BPF_XCHG) return [BPF_MOV64_REG(BPF_REG_1, BPF_REG_10)]
  return [...BPF_LD_IMM64(BPF_REG_1, memory), BPF_ALU64_REG(BPF_OP(operation), BPF_REG_1, BPF_REG_10)]
}
