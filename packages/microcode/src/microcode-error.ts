import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `MICROCODE_FIELD` | a value does not fit its field of a word |
 * | `MICROCODE_OPERAND` | an operand of this kind cannot stand in this place, or two of them not together |
 * | `MICROCODE_WORD` | a number that is no word, or a word of another class than the one asked for |
 * | `MICROCODE_LENGTH` | bytes that are no whole number of 8-byte words |
 * | `MICROCODE_ECC` | the check bits of a stored word do not belong to its instruction |
 */
export type MicrocodeErrorCode =
  | 'MICROCODE_FIELD'
  | 'MICROCODE_OPERAND'
  | 'MICROCODE_WORD'
  | 'MICROCODE_LENGTH'
  | 'MICROCODE_ECC'

/** Every error this package throws at bad input. */
export class MicrocodeError extends Diagnostic {
  declare readonly code: MicrocodeErrorCode

  constructor(fields: DiagnosticFields & { readonly code: MicrocodeErrorCode }) {
    super(fields)
  }
}
