import type { Processor } from './processors.ts'

/**
 * Time that a load waits beyond one that hits L1, on the average: keys come evenly over `tableBytes`, and each level
 * holds as much of them as it is large. Loads of one look-up hang on each other, so nothing hides them; a table that is
 * shared with packets and code has less of the caches than is assumed here.
 *
 * @param tableBytes what the loads are spread over
 * @returns nanoseconds a load, by what follows the core's clock and what does not
 */
export function loadStall(processor: Processor, tableBytes: number): { readonly cycles: number; readonly ns: number } {
  const held = (bytes: number): number => (tableBytes <= bytes ? 1 : bytes / tableBytes)
  const l1 = held(processor.l1Bytes)
  const l2 = held(processor.l2Bytes)
  const l3 = held(processor.l3Bytes)
  return {
    cycles: (l2 - l1) * processor.l2Cycles,
    ns: (l3 - l2) * processor.l3Nanoseconds + (1 - l3) * processor.memoryNanoseconds,
  }
}
