import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `CBPF_LENGTH` | the bytes are no whole number of 8-byte instructions |
 * | `CBPF_FIELD_RANGE` | a field of an instruction does not fit its bits |
 * | `CBPF_TEXT` | a line that is not as `tcpdump -ddd` prints it |
 * | `CBPF_ASM_SYNTAX` | a text that is no assembly; place and offending word in `where.source` and `got` |
 * | `CBPF_ASM_SYMBOL` | a name in assembly that nothing defines, or one that can't be defined |
 * | `CBPF_ASM_LABEL` | a label in assembly that no instruction has, or one too far away |
 * | `CBPF_ASM_LENGTH` | an assembled program of more instructions than the kernel takes |
 * | `CBPF_REFUSED` | the checker refuses the program; `where.pc` tells the instruction |
 * | `CBPF_ANCILLARY` | ancillary data that programs of the chosen context can't reach |
 * | `CBPF_JUMP` | translated, a jump goes farther than 16 bits tell; the kernel refuses such programs, too |
 */
export type CbpfErrorCode =
  | 'CBPF_LENGTH'
  | 'CBPF_FIELD_RANGE'
  | 'CBPF_TEXT'
  | 'CBPF_ASM_SYNTAX'
  | 'CBPF_ASM_SYMBOL'
  | 'CBPF_ASM_LABEL'
  | 'CBPF_ASM_LENGTH'
  | 'CBPF_REFUSED'
  | 'CBPF_ANCILLARY'
  | 'CBPF_JUMP'

/** Every error that this package throws at bad input. */
export class CbpfError extends Diagnostic {
  declare readonly code: CbpfErrorCode

  constructor(fields: DiagnosticFields & { readonly code: CbpfErrorCode }) {
    super(fields)
  }
}
