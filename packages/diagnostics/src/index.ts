export type { DiagnosticFields, DiagnosticJson } from './diagnostic.ts'
export { Diagnostic, isDiagnostic } from './diagnostic.ts'
export type { Place, SourceSpan } from './place.ts'
export { formatPlace } from './place.ts'
