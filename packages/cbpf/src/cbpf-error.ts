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
 * | `CBPF_FILTER_SYNTAX` | a filter expression that can't be read; `where.source.column` tells where, as of those below |
 * | `CBPF_FILTER_MEANING` | one that can be read, and means nothing: `tcp host 10.0.0.1`, `1 / 0 = 1` |
 * | `CBPF_FILTER_NAME` | a name of a host, network, port or protocol that is not known |
 * | `CBPF_FILTER_UNSUPPORTED` | what libpcap knows and this package does not |
 * | `CBPF_FILTER_LIMIT` | an expression that is too long, too deep, or has too many tests |
 * | `CBPF_FILTER_NOTHING` | one that no packet matches |
 * | `CBPF_FILTER_LINK_TYPE` | no such link layer |
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
  | 'CBPF_FILTER_SYNTAX'
  | 'CBPF_FILTER_MEANING'
  | 'CBPF_FILTER_NAME'
  | 'CBPF_FILTER_UNSUPPORTED'
  | 'CBPF_FILTER_LIMIT'
  | 'CBPF_FILTER_NOTHING'
  | 'CBPF_FILTER_LINK_TYPE'

/** Every error that this package throws at bad input. */
export class CbpfError extends Diagnostic {
  declare readonly code: CbpfErrorCode

  constructor(fields: DiagnosticFields & { readonly code: CbpfErrorCode }) {
    super(fields)
  }
}
