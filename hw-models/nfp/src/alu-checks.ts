import { BPF_ALU64, BPF_DIV, BPF_MUL, BPF_X } from '@bpfoundry/isa'
import type { AluMemory, CheckContext } from './check-context.ts'
import { invalid, type Refusals } from './refusal.ts'

const U32_MAX = 0xffffffffn
const U64_MAX = 0xffffffffffffffffn

/** An ALU instruction that was not visited yet. */
export function newAluMemory(): AluMemory {
  return { sourceMin: U64_MAX, sourceMax: 0n, targetMin: U64_MAX, targetMax: 0n }
}

/**
 * The card multiplies 32-bit numbers only, and divides by multiplying with a reciprocal: the operands' ranges, over all
 * paths so far, must show that this is enough.
 *
 * @see nfp_bpf_check_alu in nfp/bpf/verifier.c
 */
export function* checkAlu(context: CheckContext, memory: AluMemory): Refusals {
  const { insn } = context
  // The source register is looked at for every operation, also where the operand is a constant.
  const target = context.registers(insn.dst)
  const source = context.registers(insn.src)
  if (target.umin < memory.targetMin) memory.targetMin = target.umin
  if (target.umax > memory.targetMax) memory.targetMax = target.umax
  if (source.umin < memory.sourceMin) memory.sourceMin = source.umin
  if (source.umax > memory.sourceMax) memory.sourceMax = source.umax
  const operation = insn.opcode & 0xf0
  if (operation === BPF_MUL) yield* checkMultiply(context, memory)
  else if (operation === BPF_DIV) yield* checkDivide(context, memory)
}

function* checkMultiply({ insn }: CheckContext, memory: AluMemory): Refusals {
  const byRegister = (insn.opcode & BPF_X) !== 0
  if (memory.targetMax > U32_MAX) yield invalid('multiplier-range', 'multiplier is not within u32 value range')
  if (byRegister && memory.sourceMax > U32_MAX) {
    yield invalid('multiplicand-range', 'multiplicand is not within u32 value range')
  }
  if (!byRegister && (insn.opcode & 7) === BPF_ALU64 && insn.imm < 0) {
    yield invalid('multiplicand-sign', "sign extended multiplicand won't be within u32 value range")
  }
}

function* checkDivide({ insn }: CheckContext, memory: AluMemory): Refusals {
  const byRegister = (insn.opcode & BPF_X) !== 0
  if (memory.targetMax > U32_MAX) yield invalid('dividend-range', 'dividend is not within u32 value range')
  if (byRegister && memory.sourceMin !== memory.sourceMax) yield invalid('divisor-variable', 'divisor is not constant')
  if (byRegister && memory.sourceMax > U32_MAX) {
    yield invalid('divisor-range', 'divisor is not within u32 value range')
  }
  if (!byRegister && insn.imm < 0) yield invalid('divisor-sign', 'divide by negative constant is not supported')
}
