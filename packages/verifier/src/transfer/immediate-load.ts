/** LD_IMM64: numbers, maps, addresses of map values, of functions, and of what the kernel has. */
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
  type Insn,
} from '@bpfoundry/isa'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { Word64 } from '../domain/word64.ts'
import { kernelSymbol } from '../kernel-types/kernel-symbol.ts'
import type { KernelTypes } from '../kernel-types/kernel-types.ts'
import { isGlobalFunction } from '../program/function-prototypes.ts'
import { constantRegister, pointerTo, type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import {
  CONST_PTR_TO_MAP,
  MEM_PERCPU,
  MEM_RDONLY,
  PTR_TO_BTF_ID,
  PTR_TO_FUNC,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'

/** The kind, in `src`, loads an address inside a map's value. */
export function isMapValueLoad(insn: Insn): boolean {
  return insn.src === BPF_PSEUDO_MAP_VALUE || insn.src === BPF_PSEUDO_MAP_IDX_VALUE
}

/** A callback must be a function that only this program calls. */
function functionAddress(v: Verification, start: number): RegisterState {
  const { functionInfo } = v.program
  if (functionInfo === undefined || functionInfo.length === 0) {
    v.refuse('VERIFIER_CALLBACK', 'EINVAL', 'missing btf func_info')
  }
  if (isGlobalFunction(v.program, start)) v.refuse('VERIFIER_CALLBACK', 'EINVAL', 'callback function not static')
  return pointerTo(PTR_TO_FUNC, { subprogram: v.subprograms.findIndex((one) => one.start === start) })
}

function symbolAddress(v: Verification, insn: Insn, next: Insn): RegisterState {
  const kernel = v.kernel as KernelTypes
  const symbol = kernelSymbol(kernel.btf, insn, next, v.pc)
  if (symbol.kind === 'memory') return pointerTo(PTR_TO_MEM | MEM_RDONLY, { memoryBytes: symbol.sizeBytes })
  const perCpu = symbol.kind === 'per-cpu' ? MEM_PERCPU : 0
  return pointerTo(PTR_TO_BTF_ID | perCpu, { struct: kernel.struct(symbol.typeId) })
}

export function transferImmediateLoad(v: Verification, insn: Insn): void {
  const next = v.insns[v.pc + 1] as Insn
  v.checkWritable(insn.dst)
  if (insn.src === 0) {
    v.write(insn.dst, constantRegister(new Word64(next.imm, insn.imm)))
    return
  }
  if (insn.src === BPF_PSEUDO_BTF_ID) {
    v.write(insn.dst, symbolAddress(v, insn, next))
    return
  }
  if (insn.src === BPF_PSEUDO_FUNC) {
    v.write(insn.dst, functionAddress(v, v.pc + insn.imm + 1))
    return
  }
  const map = v.notes.maps[v.pc]
  if (isMapValueLoad(insn) && map?.type === MAP_TYPE.ARENA) v.write(insn.dst, UNKNOWN_SCALAR)
  else if (isMapValueLoad(insn)) v.write(insn.dst, pointerTo(PTR_TO_MAP_VALUE, { map, offset: next.imm }))
  else v.write(insn.dst, pointerTo(CONST_PTR_TO_MAP, { map }))
}
