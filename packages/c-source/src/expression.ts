import type { SourceSpan } from '@bpfoundry/diagnostics'

/** An expression, read but not evaluated. What it is made of is this package's business. */
export interface Expression {
  readonly span: SourceSpan
}
