import { Diagnostic, type DiagnosticJson, isDiagnostic } from '@bpfoundry/diagnostics'
import type { NfpCard, OffloadAdvice } from '@bpfoundry/nfp'
import { readSpec, reviewOffload } from '@bpfoundry/testbench'
import { adviceText } from './advice-text.ts'

/** A card does not take a program: `OFFLOAD_BLOCKED`, with everything that keeps it from there. */
class OffloadBlocked extends Diagnostic {
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

/** What was refused, and for what card. */
interface RefusedOffload {
  readonly object: string
  /** Undefined: the only one of the object. */
  readonly program: string | undefined
  readonly card: NfpCard
  readonly mtu?: number | undefined
}

/** The complete answer in the place of a refusal, which names the first reason only; the refusal itself where it is another. */
export function withAllReasons(error: unknown, { object, program, card, mtu }: RefusedOffload): unknown {
  if (!isDiagnostic(error)) return error
  const spec = readSpec(object)
  const name = program ?? [...spec.programs.keys()][0] ?? ''
  const { advice } = reviewOffload(spec, name, { card, ...(mtu === undefined ? {} : { mtu }) })
  return advice.verdict === 'blocked' ? new OffloadBlocked(object, name, advice, error) : error
}
