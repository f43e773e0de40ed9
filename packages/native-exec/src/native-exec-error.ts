import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/** What kept machine code from being placed or run. */
export type NativeExecErrorCode =
  | 'NATIVE_PLATFORM'
  | 'NATIVE_NO_KOFFI'
  | 'NATIVE_CODE_SIZE'
  | 'NATIVE_MAP'
  | 'NATIVE_PROTECT'
  | 'NATIVE_UNMAP'
  | 'NATIVE_NOT_LIVE'
  | 'NATIVE_FOREIGN'
  | 'NATIVE_PROGRAM_ID'
  | 'NATIVE_CHILD'

/** Every error of this package. `errno` is the symbolic name where the operating system refused something. */
export class NativeExecError extends Diagnostic {
  declare readonly code: NativeExecErrorCode
  readonly errno?: string

  constructor(fields: DiagnosticFields & { readonly code: NativeExecErrorCode; readonly errno?: string }) {
    super(fields)
    if (fields.errno !== undefined) this.errno = fields.errno
  }
}
