/** Look-up and update of BPF_MAP_TYPE_PERCPU_ARRAY: those of an array, on the values of the CPU. */
import { BPF_ADD, BPF_ALU32_REG, BPF_REG_0, BPF_REG_1, type Insn } from '@bpfoundry/isa'
import { type ArrayGeometry, arrayLookup, arrayUpdate, multiply } from './array-insns.ts'
import { type CpuFields, loadCpu } from './inline-call.ts'

/** r0 += number of the CPU * `strideBytes`; r1 is used up. */
export function addCpuStride(strideBytes: number, cpu: CpuFields): Insn[] {
  return [...loadCpu(BPF_REG_1, cpu), multiply(BPF_REG_1, strideBytes), BPF_ALU32_REG(BPF_ADD, BPF_REG_0, BPF_REG_1)]
}

export function percpuArrayLookup(geometry: ArrayGeometry, cpuStrideBytes: number, cpu: CpuFields): Insn[] {
  return arrayLookup(geometry, addCpuStride(cpuStrideBytes, cpu))
}

export function percpuArrayUpdate(geometry: ArrayGeometry, cpuStrideBytes: number, cpu: CpuFields): Insn[] {
  return arrayUpdate(geometry, addCpuStride(cpuStrideBytes, cpu))
}
