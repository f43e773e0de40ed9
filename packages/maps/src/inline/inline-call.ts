/** What an inlined map operation has in common with any other. */
import {
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_PERCPU_REG,
  BPF_REG_1,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { label, type Steps } from './insn-sequence.ts'

/** Where instructions find what belongs to the CPU: offsets in the CPU block (`CPU_BLOCK` of @bpfoundry/engine). */
export interface CpuFields {
  /** Of the u32 number of the CPU. */
  readonly cpuIdOffsetBytes: number
}

/** Returns a constant. */
export function answer(value: number): Insn[] {
  return [BPF_MOV64_IMM(0, value), BPF_EXIT_INSN()]
}

/** Constants to return, each under its label: `['full', -E2BIG]`. */
export function answers(...rows: readonly (readonly [name: string, value: number])[]): Steps {
  return rows.map(([name, value]) => [label(name), answer(value)])
}

/** register = number of the CPU. */
export function loadCpu(register: number, { cpuIdOffsetBytes }: CpuFields): Insn[] {
  return [
    BPF_MOV64_IMM(register, 0),
    BPF_MOV64_PERCPU_REG(register, register),
    BPF_LDX_MEM(BPF_W, register, register, cpuIdOffsetBytes),
  ]
}

/** Has the helper do it after all, on the map at `address`; its other arguments are in place. */
export function callHelper(helper: number, address: number): Insn[] {
  return [...BPF_LD_IMM64(BPF_REG_1, BigInt(address)), BPF_EMIT_CALL(helper), BPF_EXIT_INSN()]
}
