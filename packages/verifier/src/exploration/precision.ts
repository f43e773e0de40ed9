/**
 * Marks of scalars whose exact value the verdict rests on.
 *
 * States are compared exactly on all live scalars for now, so that the marks only serve the log; a pruning that ignores
 * unmarked scalars needs them carried back along the path.
 */
import type { Verification } from '../verification.ts'

/** The verdict rests on the number in register `number`. */
export function markPrecise(v: Verification, number: number): void {
  void [v, number]
}
