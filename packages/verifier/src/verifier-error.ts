import { Diagnostic } from '@bpfoundry/diagnostics'

/** An unknown profile, or what goes wrong with a program after its verdict. Refusals are data: see `Rejection`. */
export class VerifierError extends Diagnostic {}
