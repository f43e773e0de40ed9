import { Diagnostic, type DiagnosticJson } from '@bpfoundry/diagnostics'
import type { OffloadAdvice } from '@bpfoundry/nfp'
import { adviceText } from './advice-text.ts'

/** A card does not take a program: `OFFLOAD_BLOCKED`, with everything that keeps it from there. */
export class OffloadBlocked extends Diagnostic {
  readonly offload: OffloadAdvice
  readonly #program: string

  constructor(object: string, program: string, offload: OffloadAdvice, cause: unknown) {
    const { length } = offload.blockers
    super({
      code: 'OFFLOAD_BLOCKED',
      message: `program ${program} does not go to ${offload.card}: ${length} ${length === 1 ? 'reason' : 'reasons'}`,
      where: { input: object, program },
      cause,
    })
    this.offload = offload
    this.#program = program
  }

  override format(): string {
    return `${this.code}: ${adviceText(this.#program, this.offload).trimEnd()}`
  }

  override toJSON(): DiagnosticJson & { readonly offload: OffloadAdvice } {
    return { ...super.toJSON(), offload: this.offload }
  }
}
