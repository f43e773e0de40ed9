import { formatKernelInsn, type Insn, type KernelFormatOptions } from '@bpfoundry/isa'
import { helperName, MAX_HELPER_ID } from '@bpfoundry/kernel-abi'

const FORMAT: KernelFormatOptions = {
  callName: (insn) => (insn.src === 0 && insn.imm >= 0 && insn.imm <= MAX_HELPER_ID ? helperName(insn.imm) : undefined),
  hidePointers: true,
}

/** `(bf) r0 = r1`, as the log has it. Map addresses show as 0x0: there are none before the fix-ups. */
export function insnText(insns: readonly Insn[], pc: number): string {
  return formatKernelInsn(insns[pc] as Insn, insns[pc + 1], FORMAT)
}
