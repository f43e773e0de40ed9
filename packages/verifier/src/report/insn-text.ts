import { BPF_PSEUDO_BTF_ID, formatKernelInsn, type Insn, type KernelFormatOptions } from '@bpfoundry/isa'
import { helperName, MAX_HELPER_ID } from '@bpfoundry/kernel-abi'
import type { KernelTypes } from '../kernel-types/kernel-types.ts'

/** `bpf_map_lookup_elem`; number 0 has a name of its own, and those that there are not are `unknown`. */
export function calledName(id: number): string {
  if (id === 0) return 'bpf_unspec'
  return id > 0 && id <= MAX_HELPER_ID ? helperName(id) : 'unknown'
}

const BPF_PSEUDO_KFUNC_CALL = 2
const LD_IMM64 = 0x18

function format(kernel: KernelTypes | undefined): KernelFormatOptions {
  return {
    callName: ({ src, imm }) => {
      if (src === 0) return calledName(imm)
      return src === BPF_PSEUDO_KFUNC_CALL ? kernel?.functionName(imm) : undefined
    },
    hidePointers: true,
  }
}

/**
 * `(bf) r0 = r1`, as the log has it. Addresses of maps and of the kernel show as 0x0: there are none before the fix-ups.
 *
 * @param kernel names the functions of the kernel that are called
 */
export function insnText(insns: readonly Insn[], pc: number, kernel?: KernelTypes): string {
  const insn = insns[pc] as Insn
  const next = insns[pc + 1]
  const isSymbol = insn.opcode === LD_IMM64 && insn.src === BPF_PSEUDO_BTF_ID && next !== undefined
  if (isSymbol) return formatKernelInsn({ ...insn, imm: 0 }, { ...next, imm: 0 }, format(kernel))
  return formatKernelInsn(insn, next, format(kernel))
}
