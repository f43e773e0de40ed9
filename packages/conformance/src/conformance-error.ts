import { Diagnostic, type DiagnosticFields, type SourceSpan } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `CONFORMANCE_DIRECTIVE` | a line that starts with `--` names no section of the format |
 * | `CONFORMANCE_SYNTAX` | a line of the asm section that is no instruction |
 * | `CONFORMANCE_REGISTER` | an operand that should be a register and is none |
 * | `CONFORMANCE_NUMBER` | a number that is none, or does not fit its field |
 * | `CONFORMANCE_LABEL` | a label that is unknown, defined twice or too far away |
 * | `CONFORMANCE_HEX` | memory or instructions that are not written as the format has them |
 * | `CONFORMANCE_INCOMPLETE` | a case without instructions, or without a result or error |
 * | `CONFORMANCE_JSON` | a line of a JSON Lines file that is no JSON object |
 * | `CONFORMANCE_FIELD` | a field of a vector that is unknown, missing or of the wrong kind |
 * | `CONFORMANCE_NO_SUCH_FILE`, `CONFORMANCE_UNREADABLE` | the file |
 * | `CONFORMANCE_UNWRITABLE` | a report that can't be written |
 * | `CONFORMANCE_BASELINE` | a file that is no baseline |
 * | `CONFORMANCE_KERNEL_TREE` | a folder that is no kernel tree |
 * | `CONFORMANCE_SOURCE` | a construct of the kernel tree that is not read |
 * | `CONFORMANCE_PROGRAM` | control flow that leaves the program, where no verifier looked at it |
 */
export type ConformanceErrorCode =
  | 'CONFORMANCE_DIRECTIVE'
  | 'CONFORMANCE_SYNTAX'
  | 'CONFORMANCE_REGISTER'
  | 'CONFORMANCE_NUMBER'
  | 'CONFORMANCE_LABEL'
  | 'CONFORMANCE_HEX'
  | 'CONFORMANCE_INCOMPLETE'
  | 'CONFORMANCE_JSON'
  | 'CONFORMANCE_FIELD'
  | 'CONFORMANCE_NO_SUCH_FILE'
  | 'CONFORMANCE_UNREADABLE'
  | 'CONFORMANCE_UNWRITABLE'
  | 'CONFORMANCE_BASELINE'
  | 'CONFORMANCE_KERNEL_TREE'
  | 'CONFORMANCE_SOURCE'
  | 'CONFORMANCE_PROGRAM'

/** Every error that this package throws at bad input. */
export class ConformanceError extends Diagnostic {
  declare readonly code: ConformanceErrorCode

  constructor(fields: DiagnosticFields & { readonly code: ConformanceErrorCode }) {
    super(fields)
  }
}

/** What an error says besides where it is. */
export type Complaint = Omit<DiagnosticFields, 'where' | 'cause'> & { readonly code: ConformanceErrorCode }

/** A line of a text file and where it stands. */
export interface SourceLine extends SourceSpan {
  readonly text: string
}

/** The error at a line. */
export function errorAt(line: SourceSpan, complaint: Complaint): ConformanceError {
  const { file, line: number, column, text } = line
  const source = {
    file,
    line: number,
    ...(column === undefined ? {} : { column }),
    ...(text === undefined ? {} : { text: text.length > 160 ? `${text.slice(0, 160)}...` : text }),
  }
  return new ConformanceError({ ...complaint, where: { source } })
}
