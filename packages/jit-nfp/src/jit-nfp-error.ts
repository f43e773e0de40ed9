import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `JIT_NFP_TYPE` | a program type that no card takes |
 * | `JIT_NFP_JUMP` | a jump or call leads out of the program |
 * | `JIT_NFP_FUNCTIONS` | the stack depths are not one a function, or a function calls itself |
 * | `JIT_NFP_LD_IMM64` | a 64-bit immediate lacks its second slot |
 * | `JIT_NFP_PLACEMENT` | the card's firmware lacks a helper that the program calls, or the program does not fit its place |
 */
export type JitNfpErrorCode =
  | 'JIT_NFP_TYPE'
  | 'JIT_NFP_JUMP'
  | 'JIT_NFP_FUNCTIONS'
  | 'JIT_NFP_LD_IMM64'
  | 'JIT_NFP_PLACEMENT'

/** Thrown at input that no verifier let through; what the driver would refuse is an `NfpRefusal` instead. */
export class JitNfpError extends Diagnostic {
  declare readonly code: JitNfpErrorCode

  constructor(fields: DiagnosticFields & { readonly code: JitNfpErrorCode }) {
    super(fields)
  }
}
