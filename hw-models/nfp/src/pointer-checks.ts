import { BPF_ADD, BPF_ATOMIC, BPF_DW, BPF_H, BPF_LDX, BPF_MEM, BPF_STX, BPF_W } from '@bpfoundry/isa'
import { PROG_TYPE, XDP_MD } from '@bpfoundry/kernel-abi'
import type { RegisterFact } from '@bpfoundry/verifier'
import type { CheckContext, PointerMemory } from './check-context.ts'
import { markMapUse } from './map-use.ts'
import { invalid, type Refusals, unsupported } from './refusal.ts'
import { constantOffset, isConstant, registerType, varOffMask, varOffValue } from './register-type.ts'

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
export function* checkPointer(context: CheckContext, pointer: RegisterFact, memory: PointerMemory): Refusals {
  const check = POINTER_CHECKS[pointer.kind]
  if (check === undefined) {
    yield invalid('pointer-kind', `unsupported ptr type: ${registerType(pointer)}`)
    return
  }
  yield* check(context, pointer, memory)
  const before = memory.pointer
  if (before !== undefined && before.kind !== pointer.kind) {
    const types = `${registerType(before)} -> ${registerType(pointer)}`
    yield invalid('pointer-changes', `ptr type changed for instruction ${types}`)
  }
  memory.pointer = pointer
}

type PointerCheck = (context: CheckContext, pointer: RegisterFact, memory: PointerMemory) => Refusals

const anyAccess: PointerCheck = function* () {}

/** @see nfp_bpf_check_stack_access */
const stackAccess: PointerCheck = function* (_context, pointer, memory) {
  if (pointer.now?.ofCaller === true) memory.ofCaller = true
  if (!isConstant(pointer)) yield invalid('stack-variable', 'variable ptr stack access')
  if (memory.pointer === undefined) return
  const now = constantOffset(pointer)
  const before = constantOffset(memory.pointer)
  memory.varies ||= before !== now
  if (!memory.varies || before % 4 === now % 4) return
  yield invalid('stack-moves', `stack access changed location was:${before} is:${now}`)
}

const mapAccess: PointerCheck = function* (context, pointer) {
  const kind = accessKind(context.insn.opcode)
  if (kind === STORE) {
    yield unsupported('map-write', 'map writes not supported')
    return
  }
  const map = context.map(pointer)
  if (map === undefined) {
    yield invalid('map-elsewhere', 'offload device mismatch between prog and map')
    return
  }
  const use = kind === ATOMIC ? 'atomic' : 'read'
  yield* markMapUse(map, pointer, context.insn.off, accessBytes(context.insn.opcode), use)
}

const POINTER_CHECKS: Readonly<Partial<Record<RegisterFact['kind'], PointerCheck>>> = {
  ctx: anyAccess,
  fp: stackAccess,
  map_value: mapAccess,
  pkt: anyAccess,
}

/** @see nfp_bpf_check_store */
export function* checkStore(context: CheckContext, memory: PointerMemory): Refusals {
  const pointer = context.registers(context.insn.dst)
  if (pointer.kind === 'ctx') {
    if (context.programType !== PROG_TYPE.XDP || context.insn.off !== XDP_MD.rxQueueIndex) {
      yield unsupported('context-store', 'unsupported store to context field')
    } else if (!context.firmware.queueSelect) {
      yield unsupported('queue-firmware', 'queue selection not supported by FW')
    }
  }
  yield* checkPointer(context, pointer, memory)
}

const U16_MAX = 0xffffn

/** @see nfp_bpf_check_atomic */
export function* checkAtomic(context: CheckContext, memory: PointerMemory): Refusals {
  const { insn } = context
  const target = context.registers(insn.dst)
  const source = context.registers(insn.src)
  if (insn.imm !== BPF_ADD) yield unsupported('atomic-operation', `atomic op not implemented: ${insn.imm}`)
  if (target.kind !== 'map_value') {
    yield unsupported('atomic-target', `atomic add not to a map value pointer: ${registerType(target)}`)
    return
  }
  if (source.kind !== 'scalar') {
    yield unsupported('atomic-source', `atomic add not of a scalar: ${registerType(source)}`)
  }
  memory.addsOver16Bit ||= varOffValue(source) > U16_MAX || varOffMask(source) > U16_MAX
  memory.mayAdd16Bit ||= varOffValue(source) <= U16_MAX
  yield* checkPointer(context, target, memory)
}
