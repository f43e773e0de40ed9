/** Processors of the machines that were measured: what cost models need of them. */

/** One processor: clock, caches, and how long memory takes. Memory does not follow the core's clock. */
export interface Processor {
  readonly name: string
  /** The clock that it ran at, which may be over the nominal one. */
  readonly gigahertz: number
  readonly l1Bytes: number
  readonly l2Bytes: number
  readonly l3Bytes: number
  /** What a load costs beyond one that hits L1: of L2 in cycles, of the others in time. */
  readonly l2Cycles: number
  readonly l3Nanoseconds: number
  readonly memoryNanoseconds: number
  /** First read of a packet that the card has put into the last-level cache, less what prefetching hides. */
  readonly firstTouchNanoseconds: number
  readonly source: string
}

/** L2 12 to 15 cycles, L3 38 to 51 cycles at 3.6 GHz, memory 95 ns. */
const LATENCIES: Pick<Processor, 'l2Cycles' | 'l3Nanoseconds' | 'memoryNanoseconds'> = {
  l2Cycles: 8,
  l3Nanoseconds: 11,
  memoryNanoseconds: 94,
}
const LATENCY_SOURCE =
  'latencies: lmbench on Xeon E5-2699 v4, J. De Gelas, Skylake-EP vs EPYC, AnandTech 2017-07-11, less the 4 cycles of L1'

const KIBIBYTE = 1024
const MEBIBYTE: number = 2 ** 20

export type ProcessorName = 'E5-1630 v3' | 'E5-1650 v4' | 'i7-6700K'

export const PROCESSORS: Readonly<Record<ProcessorName, Processor>> = {
  /** hXDP. The clock is a knob there: 1.2, 2.1 and 3.7 GHz. */
  'E5-1630 v3': {
    name: 'Xeon E5-1630 v3',
    gigahertz: 3.7,
    l1Bytes: 32 * KIBIBYTE,
    l2Bytes: 256 * KIBIBYTE,
    l3Bytes: 10 * MEBIBYTE,
    ...LATENCIES,
    firstTouchNanoseconds: LATENCIES.l3Nanoseconds,
    source: `Intel ARK; ${LATENCY_SOURCE}; first touch: a hit in L3`,
  },
  /** CoNEXT 2018: 3.6 GHz nominal, 3.80 GHz by `perf stat -e cycles` while it was measured. */
  'E5-1650 v4': {
    name: 'Xeon E5-1650 v4',
    gigahertz: 3.8,
    l1Bytes: 32 * KIBIBYTE,
    l2Bytes: 256 * KIBIBYTE,
    l3Bytes: 15 * MEBIBYTE,
    ...LATENCIES,
    firstTouchNanoseconds: 1.5,
    source: `Intel ARK; clock: tohojo/xdp-paper benchmarks/bench01_baseline.org; ${LATENCY_SOURCE}; first touch: mlx5.touch = 1.5 ns`,
  },
  /** The evaluation of generic XDP: 3.99 GHz by `perf stat`; it stalls on what newer ones prefetch (prototype-kernel, 2017). */
  'i7-6700K': {
    name: 'Core i7-6700K',
    gigahertz: 4,
    l1Bytes: 32 * KIBIBYTE,
    l2Bytes: 256 * KIBIBYTE,
    l3Bytes: 8 * MEBIBYTE,
    ...LATENCIES,
    firstTouchNanoseconds: 28,
    source: `Intel ARK; ${LATENCY_SOURCE}; first touch: mlx5-2017.touch = 28 ns`,
  },
}

/** The same processor at another clock: what memory takes stays. */
export function atClock(processor: Processor, gigahertz: number): Processor {
  return { ...processor, gigahertz }
}
