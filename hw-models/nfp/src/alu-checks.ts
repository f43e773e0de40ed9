import { BPF_ALU64, BPF_DIV, BPF_MUL, BPF_X } from '@bpfoundry/isa'
import { ERRNO } from '@bpfoundry/kernel-abi'
import type { DeviceRefusal } from '@bpfoundry/verifier'
import type { AluMemory, CheckContext } from './check-context.ts'

const U32_MAX = 0xffffffffn
const U64_MAX = 0xffffffffffffffffn

const invalid = (message: string): DeviceRefusal => ({ errno: ERRNO.EINVAL, message })

/** An ALU instruction that was not visited yet. */
export function newAluMemory(): AluMemory {
  return { sourceMin: U64_MAX, sourceMax: 0n, targetMax: 0n }
}

/**
 * The card multiplies 32-bit numbers only, and divides by multiplying with a reciprocal: the operands' ranges, over all
 * paths so far, must show that this is enough.
 *
 * @see nfp_bpf_check_alu in nfp/bpf/verifier.c
 */
export function checkAlu(context: CheckContext, memory: AluMemory): DeviceRefusal | undefined {
  const { insn } = context
  const operation = insn.opcode & 0xf0
  if (operation !== BPF_MUL && operation !== BPF_DIV) return undefined
  const target = context.registers(insn.dst)
  if (target.umax > memory.targetMax) memory.targetMax = target.umax
  if ((insn.opcode & BPF_X) !== 0) {
    const source = context.registers(insn.src)
    if (source.umin < memory.sourceMin) memory.sourceMin = source.umin
    if (source.umax > memory.sourceMax) memory.sourceMax = source.umax
  }
  return operation === BPF_MUL ? checkMultiply(context, memory) : checkDivide(context, memory)
}

function checkMultiply({ insn }: CheckContext, memory: AluMemory): DeviceRefusal | undefined {
  const byRegister = (insn.opcode & BPF_X) !== 0
  if (memory.targetMax > U32_MAX) return invalid('multiplier is not within u32 value range')
  if (byRegister && memory.sourceMax > U32_MAX) return invalid('multiplicand is not within u32 value range')
  if (!byRegister && (insn.opcode & 7) === BPF_ALU64 && insn.imm < 0) {
    return invalid("sign extended multiplicand won't be within u32 value range")
  }
  return undefined
}

function checkDivide({ insn }: CheckContext, memory: AluMemory): DeviceRefusal | undefined {
  const byRegister = (insn.opcode & BPF_X) !== 0
  if (memory.targetMax > U32_MAX) return invalid('dividend is not within u32 value range')
  if (byRegister && memory.sourceMin !== memory.sourceMax) return invalid('divisor is not constant')
  if (byRegister && memory.sourceMax > U32_MAX) return invalid('divisor is not within u32 value range')
  if (!byRegister && insn.imm < 0) return invalid('divide by negative constant is not supported')
  return undefined
}
