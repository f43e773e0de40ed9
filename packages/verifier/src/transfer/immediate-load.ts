/** LD_IMM64: numbers, maps, addresses of map values. */
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
  type Insn,
} from '@bpfoundry/isa'
import { Word64 } from '../domain/word64.ts'
import { isGlobalFunction } from '../program/function-prototypes.ts'
import { unsupported } from '../report/refusal.ts'
import { constantRegister, pointerTo, type RegisterState } from '../state/register-state.ts'
import { CONST_PTR_TO_MAP, PTR_TO_FUNC, PTR_TO_MAP_VALUE } from '../state/register-type.ts'
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

export function transferImmediateLoad(v: Verification, insn: Insn): void {
  const next = v.insns[v.pc + 1] as Insn
  v.checkWritable(insn.dst)
  if (insn.src === 0) {
    v.write(insn.dst, constantRegister(new Word64(next.imm, insn.imm)))
    return
  }
  if (insn.src === BPF_PSEUDO_BTF_ID) throw v.noted(unsupported('the address of a kernel symbol (pseudo btf_id) is'))
  if (insn.src === BPF_PSEUDO_FUNC) {
    v.write(insn.dst, functionAddress(v, v.pc + insn.imm + 1))
    return
  }
  const map = v.notes.maps[v.pc]
  if (isMapValueLoad(insn)) v.write(insn.dst, pointerTo(PTR_TO_MAP_VALUE, { map, offset: next.imm }))
  else v.write(insn.dst, pointerTo(CONST_PTR_TO_MAP, { map }))
}
