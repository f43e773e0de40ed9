import type { Insn } from '@bpfoundry/isa'

/**
 * A program that calls others, by tail calls in the form that the verifier leaves behind: a tail-call test of
 * lib/test_bpf.c. Markers in the instructions stand for the program array, the index in it and the helpers that are
 * called; see tail-call-programs.ts.
 */
export interface TailCallCase {
  /** As in the answer. */
  readonly id: string
  /** The kernel's words for it. */
  readonly name: string
  /** What the program array holds: the programs of all cases of the table. */
  readonly programs: readonly (readonly Insn[])[]
  /** Which of them runs. */
  readonly index: number
  /** FLAG_NEED_STATE: r1 points at a 32-bit counter, which starts at 0; else r1 is 0. */
  readonly needsState: boolean
  /** FLAG_RESULT_IN_STATE: the result is the counter after all runs, not r0. */
  readonly resultInState: boolean
  /** How often it runs. */
  readonly times: number
  /** 32 bits, unsigned. */
  readonly result: number
}
