import { formatKernelInsn, type Insn, type KernelFormatOptions } from '@bpfoundry/isa'
import { helperName, MAX_HELPER_ID } from '@bpfoundry/kernel-abi'

/** `bpf_map_lookup_elem`; number 0 has a name of its own, and those that there are not are `unknown`. */
export function calledName(id: number): string {
  if (id === 0) return 'bpf_unspec'
  return id > 0 && id <= MAX_HELPER_ID ? helperName(id) : 'unknown'
}

const FORMAT: KernelFormatOptions = {
  callName: (insn) => (insn.src === 0 ? calledName(insn.imm) : undefined),
  hidePointers: true,
}

/** `(bf) r0 = r1`, as the log has it. Map addresses show as 0x0: there are none before the fix-ups. */
export function insnText(insns: readonly Insn[], pc: number): string {
  return formatKernelInsn(insns[pc] as Insn, insns[pc + 1], FORMAT)
}
