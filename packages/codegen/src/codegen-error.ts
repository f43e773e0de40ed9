import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `CODEGEN_EMPTY` | a program has no instruction |
 * | `CODEGEN_SUBPROGRAM` | subprograms overlap, leave a gap, or lie outside the program |
 * | `CODEGEN_JUMP` | a jump or call leads out of its subprogram, or into the second slot of a 64-bit immediate |
 * | `CODEGEN_LD_IMM64` | a 64-bit immediate lacks its second slot |
 * | `CODEGEN_FALLS_OFF` | the last instruction of a subprogram goes on to what lies behind |
 * | `CODEGEN_LABEL` | a label is used and never bound, or bound twice |
 * | `CODEGEN_RANGE` | a distance does not fit the field that shall hold it |
 */
export type CodegenErrorCode =
  | 'CODEGEN_EMPTY'
  | 'CODEGEN_SUBPROGRAM'
  | 'CODEGEN_JUMP'
  | 'CODEGEN_LD_IMM64'
  | 'CODEGEN_FALLS_OFF'
  | 'CODEGEN_LABEL'
  | 'CODEGEN_RANGE'

/** Every error this package throws at bad input; `where.pc` tells the instruction. */
export class CodegenError extends Diagnostic {
  declare readonly code: CodegenErrorCode

  constructor(fields: DiagnosticFields & { readonly code: CodegenErrorCode }) {
    super(fields)
  }
}
