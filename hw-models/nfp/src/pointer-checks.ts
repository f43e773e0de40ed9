import { BPF_ADD, BPF_ATOMIC, BPF_DW, BPF_H, BPF_LDX, BPF_MEM, BPF_STX, BPF_W } from '@bpfoundry/isa'
import { ERRNO, PROG_TYPE, XDP_MD } from '@bpfoundry/kernel-abi'
import type { DeviceRefusal, RegisterFact } from '@bpfoundry/verifier'
import type { CheckContext, PointerMemory } from './check-context.ts'
import { markMapUse } from './map-use.ts'
import { constantOffset, REG_TYPE } from './register-type.ts'

const invalid = (message: string): DeviceRefusal => ({ errno: ERRNO.EINVAL, message })
const unsupported = (message: string): DeviceRefusal => ({ errno: ERRNO.EOPNOTSUPP, message })

const SIZE_MASK = 0x18
/** Opcodes without their size. */
export const LOAD: number = BPF_LDX | BPF_MEM
export const STORE: number = BPF_STX | BPF_MEM
export const ATOMIC: number = BPF_STX | BPF_ATOMIC

/** Opcode of a load, store or atomic without its size. */
export function accessKind(opcode: number): number {
  return opcode & ~SIZE_MASK
}

/** Bytes that a load, store or atomic touches. */
export function accessBytes(opcode: number): number {
  const size = opcode & SIZE_MASK
  if (size === BPF_DW) return 8
  if (size === BPF_W) return 4
  return size === BPF_H ? 2 : 1
}

/** @see nfp_bpf_check_ptr in nfp/bpf/verifier.c */
export function checkPointer(
  context: CheckContext,
  pointer: RegisterFact,
  memory: PointerMemory,
): DeviceRefusal | undefined {
  const check = POINTER_CHECKS[pointer.kind]
  if (check === undefined) return invalid(`unsupported ptr type: ${REG_TYPE[pointer.kind]}`)
  const refusal = check(context, pointer, memory)
  if (refusal !== undefined) return refusal
  if (memory.kind !== undefined && memory.kind !== pointer.kind) {
    return invalid(`ptr type changed for instruction ${REG_TYPE[memory.kind]} -> ${REG_TYPE[pointer.kind]}`)
  }
  memory.kind = pointer.kind
  return undefined
}

type PointerCheck = (context: CheckContext, pointer: RegisterFact, memory: PointerMemory) => DeviceRefusal | undefined

const anyAccess: PointerCheck = () => undefined

/** @see nfp_bpf_check_stack_access */
const stackAccess: PointerCheck = (_context, pointer, memory) => {
  if (!pointer.constant) return invalid('variable ptr stack access')
  const now = constantOffset(pointer)
  const before = memory.offset
  memory.offset = now
  if (before === undefined) return undefined
  memory.notConstant = memory.notConstant === true || before !== now
  if (!memory.notConstant || before % 4 === now % 4) return undefined
  return invalid(`stack access changed location was:${before} is:${now}`)
}

const mapAccess: PointerCheck = (context, pointer) => {
  const kind = accessKind(context.insn.opcode)
  if (kind === STORE) return unsupported('map writes not supported')
  const map = context.map(pointer)
  if (map === undefined) return invalid('offload device mismatch between prog and map')
  const use = kind === ATOMIC ? 'atomic' : 'read'
  return markMapUse(map, pointer, context.insn.off, accessBytes(context.insn.opcode), use)
}

const POINTER_CHECKS: Readonly<Partial<Record<RegisterFact['kind'], PointerCheck>>> = {
  ctx: anyAccess,
  fp: stackAccess,
  map_value: mapAccess,
  pkt: anyAccess,
}

/** @see nfp_bpf_check_store */
export function checkStore(context: CheckContext, memory: PointerMemory): DeviceRefusal | undefined {
  const pointer = context.registers(context.insn.dst)
  if (pointer.kind !== 'ctx') return checkPointer(context, pointer, memory)
  if (context.programType !== PROG_TYPE.XDP || context.insn.off !== XDP_MD.rxQueueIndex) {
    return unsupported('unsupported store to context field')
  }
  if (!context.firmware.queueSelect) return unsupported('queue selection not supported by FW')
  return checkPointer(context, pointer, memory)
}

/** @see nfp_bpf_check_atomic */
export function checkAtomic(context: CheckContext, memory: PointerMemory): DeviceRefusal | undefined {
  const { insn } = context
  const target = context.registers(insn.dst)
  const source = context.registers(insn.src)
  if (insn.imm !== BPF_ADD) return unsupported(`atomic op not implemented: ${insn.imm}`)
  if (target.kind !== 'map_value') return unsupported(`atomic add not to a map value pointer: ${REG_TYPE[target.kind]}`)
  if (source.kind !== 'scalar') return unsupported(`atomic add not of a scalar: ${REG_TYPE[source.kind]}`)
  return checkPointer(context, target, memory)
}
