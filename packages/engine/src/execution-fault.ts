import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/** Why a run stopped. */
export type FaultCode =
  | 'FAULT_NULL_POINTER'
  | 'FAULT_OUT_OF_BOUNDS'
  | 'FAULT_READ_ONLY'
  | 'FAULT_MISALIGNED_ATOMIC'
  | 'FAULT_BAD_OPCODE'
  | 'FAULT_BAD_PC'
  | 'FAULT_UNKNOWN_HELPER'
  | 'FAULT_CALL_DEPTH'
  | 'FAULT_OUT_OF_FUEL'

/** A program did what a verified program can't do, or ran out of fuel; `where.pc` tells the instruction. */
export class ExecutionFault extends Diagnostic {
  declare readonly code: FaultCode

  constructor(fields: DiagnosticFields & { readonly code: FaultCode }) {
    super(fields)
  }
}
