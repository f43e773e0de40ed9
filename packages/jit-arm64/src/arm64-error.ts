import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `ARM64_FIELD` | an operand does not fit its field of an A64 instruction |
 * | `ARM64_OPCODE` | no BPF instruction has this encoding |
 * | `ARM64_REGISTER` | a BPF instruction names a register that there is not |
 * | `ARM64_JUMP` | a jump leads out of the program or into the second slot of a 64-bit immediate |
 * | `ARM64_LD_IMM64` | a 64-bit immediate lacks its second slot |
 * | `ARM64_REFUSED` | a BPF instruction that compiled code can't run: fix-ups replace it, or this machine has nothing for it |
 */
export type Arm64ErrorCode =
  | 'ARM64_FIELD'
  | 'ARM64_OPCODE'
  | 'ARM64_REGISTER'
  | 'ARM64_JUMP'
  | 'ARM64_LD_IMM64'
  | 'ARM64_REFUSED'

/** Every error this package throws at bad input; `where.pc` tells the BPF instruction. */
export class Arm64Error extends Diagnostic {
  declare readonly code: Arm64ErrorCode

  constructor(fields: DiagnosticFields & { readonly code: Arm64ErrorCode }) {
    super(fields)
  }
}
