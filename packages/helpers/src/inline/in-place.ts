/** Helpers that are inlined where they are called, for every engine, as Linux's fix-ups do. */
import { CPU_BLOCK } from '@bpfoundry/engine'
import { BPF_LDX_MEM, BPF_MOV32_IMM, BPF_MOV64_PERCPU_REG, BPF_REG_0, BPF_W, type Insn } from '@bpfoundry/isa'
import { helperByName } from '@bpfoundry/kernel-abi'
import { jiffiesInsns } from './cpu-insns.ts'

/** `w0 = offset; r0 = &(void __percpu *)(r0); r0 = *(u32 *)(r0 +0)` */
const processorId: readonly Insn[] = [
  BPF_MOV32_IMM(BPF_REG_0, CPU_BLOCK.fields.cpuId.offsetBytes),
  BPF_MOV64_PERCPU_REG(BPF_REG_0, BPF_REG_0),
  BPF_LDX_MEM(BPF_W, BPF_REG_0, BPF_REG_0, 0),
]

// biome-ignore format: table
const IN_PLACE: ReadonlyMap<number | undefined, readonly Insn[]> = new Map([
  [helperByName('get_smp_processor_id')?.id, processorId],
  [helperByName('jiffies64')?.id,            jiffiesInsns.slice(0, -1)],
])

/**
 * Instructions that stand in the place of a helper's call: they touch r0 only, and use no stack.
 *
 * @returns undefined for a helper that is called
 * @see do_misc_fixups in kernel/bpf/verifier.c (6.12)
 */
export function helperInPlace(helper: number): readonly Insn[] | undefined {
  return IN_PLACE.get(helper)
}
