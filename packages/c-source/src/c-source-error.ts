import { Diagnostic, type DiagnosticFields, type SourceSpan } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `C_TOKEN` | bytes that are no token: an unfinished string or comment |
 * | `C_DIRECTIVE` | a preprocessor directive that is malformed or unknown, an `#if` without its `#endif`, an `#error` |
 * | `C_INCLUDE` | a file that is included and was not found |
 * | `C_MACRO` | a macro defined or called wrongly |
 * | `C_SYNTAX` | tokens that are no declaration, initialiser or expression as this package reads them |
 * | `C_NAME` | a name, a type or a member that is not known |
 * | `C_VALUE` | an expression that is no constant, or an initialiser that does not fit its type |
 * | `C_LIMIT` | nesting or size beyond what is read |
 */
export type CSourceErrorCode =
  | 'C_TOKEN'
  | 'C_DIRECTIVE'
  | 'C_INCLUDE'
  | 'C_MACRO'
  | 'C_SYNTAX'
  | 'C_NAME'
  | 'C_VALUE'
  | 'C_LIMIT'

/** Every error that this package throws at bad input; `where.source` is file, line and column in the user's file. */
export class CSourceError extends Diagnostic {
  declare readonly code: CSourceErrorCode

  constructor(fields: DiagnosticFields & { readonly code: CSourceErrorCode; readonly where: { source: SourceSpan } }) {
    super(fields)
  }
}

/** The error at a place, with what was found and what would have been right where that says more than the message. */
export function errorAt(
  place: SourceSpan,
  code: CSourceErrorCode,
  message: string,
  more: Pick<DiagnosticFields, 'got' | 'expected' | 'hint' | 'cause'> = {},
): CSourceError {
  const { file, line, column } = place
  const source = column === undefined ? { file, line } : { file, line, column }
  return new CSourceError({ code, message, where: { source }, ...more })
}
