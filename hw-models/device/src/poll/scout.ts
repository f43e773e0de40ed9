import type { InlinedProgram } from '@bpfoundry/engine'
import type { Insn } from '@bpfoundry/isa'

/** A subprogram that runs ahead of a program. */
export interface Scout {
  readonly name: string
  readonly insns: readonly Insn[]
}

/** Scouts of a program, in the order in which they run. */
export function scoutsOf(_program: InlinedProgram): readonly Scout[] {
  return []
}
