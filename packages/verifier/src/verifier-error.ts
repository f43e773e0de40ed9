import { Diagnostic } from '@bpfoundry/diagnostics'

/** What goes wrong with a program after its verdict. Refusals are data, not errors: see `Rejection`. */
export class VerifierError extends Diagnostic {}
