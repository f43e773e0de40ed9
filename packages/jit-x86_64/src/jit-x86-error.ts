import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `JIT_X86_OPCODE` | no such instruction, or no such register |
 * | `JIT_X86_UNRESOLVED` | a map, BTF id or packet load that fix-ups should have replaced |
 * | `JIT_X86_UNSUPPORTED` | an instruction that this machine has nothing for: kernel functions, arenas, probing loads |
 */
export type JitX86ErrorCode = 'JIT_X86_OPCODE' | 'JIT_X86_UNRESOLVED' | 'JIT_X86_UNSUPPORTED'

/** Every error this package throws at programs it can't translate; `where.pc` tells the instruction. */
export class JitX86Error extends Diagnostic {
  declare readonly code: JitX86ErrorCode

  constructor(fields: DiagnosticFields & { readonly code: JitX86ErrorCode }) {
    super(fields)
  }
}
