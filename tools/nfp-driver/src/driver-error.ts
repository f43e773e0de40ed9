import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `NFP_DRIVER_ANSWER` | the compiled driver ended early or printed what is no answer |
 */
export type NfpDriverErrorCode = 'NFP_DRIVER_ANSWER'

/** The error of this package. */
export class NfpDriverError extends Diagnostic {
  declare readonly code: NfpDriverErrorCode

  constructor(fields: DiagnosticFields & { readonly code: NfpDriverErrorCode }) {
    super(fields)
  }
}
