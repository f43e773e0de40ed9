import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `MICROENGINE_STORE` | words do not fit into the control store, or a routine lies where words are |
 * | `MICROENGINE_WORD` | execution reached a word that is no instruction, or none that a core of this model executes |
 * | `MICROENGINE_ADDRESS` | execution left the loaded words, or a command left the memory |
 * | `MICROENGINE_RUNAWAY` | a context kept the core for longer than `runawayCycles` |
 * | `MICROENGINE_CONTEXT` | there is no such context, or it is not parked |
 */
export type MicroengineErrorCode =
  | 'MICROENGINE_STORE'
  | 'MICROENGINE_WORD'
  | 'MICROENGINE_ADDRESS'
  | 'MICROENGINE_RUNAWAY'
  | 'MICROENGINE_CONTEXT'

/** Every error this package throws; `where.pc` is the address in the control store. */
export class MicroengineError extends Diagnostic {
  declare readonly code: MicroengineErrorCode

  constructor(fields: DiagnosticFields & { readonly code: MicroengineErrorCode }) {
    super(fields)
  }
}
