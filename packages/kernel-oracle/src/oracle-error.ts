import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'
import { errnoName, errnoText } from '@bpfoundry/kernel-abi'

export type OracleErrorCode =
  | 'ORACLE_MAP_CREATE'
  | 'ORACLE_MAP_ACCESS'
  | 'ORACLE_PROGRAM_REFUSED'
  | 'ORACLE_BTF_LOAD'
  | 'ORACLE_ARGUMENT'
  | 'ORACLE_MEMORY'
  | 'ORACLE_CAPABILITIES'
  | 'ORACLE_TIME_LIMIT'

/** The kernel refused what the question needed, or the question made no sense. A refused program is an answer, no error. */
export class OracleError extends Diagnostic {
  declare readonly code: OracleErrorCode
  /** Positive; 0 where no system call failed. */
  readonly errno: number

  constructor(fields: DiagnosticFields & { readonly code: OracleErrorCode }, errno: number = 0) {
    super(fields)
    this.errno = errno
  }
}

/** The error of a system call that failed. */
export function systemCallError(code: OracleErrorCode, message: string, errno: number): OracleError {
  return new OracleError({ code, message, got: `${errnoName(errno)} (${errnoText(errno)})` }, errno)
}
