/**
 * What words cost a core, in cycles of its clock.
 *
 * @see nfp.md 2; J. Krude et al., "Determination of Throughput Guarantees for Processor-based SmartNICs", CoNEXT 2021, and its
 * artifacts (johannes-krude/nfp-pred-artifacts, src/estimator/instr.hpp): measured on an Agilio CX 2x40
 */

/** Costs of a core. Words that are not named cost one cycle. */
export interface CoreTiming {
  /** A branch that is not taken. */
  readonly branchNotTakenCycles: number
  /** A taken conditional branch right behind the word that set the condition codes. Words in its shadow count on their own. */
  readonly branchTakenCycles: number
  /** A taken conditional branch whose condition codes were set earlier. */
  readonly branchTakenEarlyCycles: number
  /** An unconditional branch, `rtn`, a branch on a bit or byte that is taken. */
  readonly branchAlwaysCycles: number
  /** A command that gives the core to another context; one that does not costs one cycle. */
  readonly commandSwapCycles: number
  /** `ctx_arb`. */
  readonly contextArbitrationCycles: number
  /** Least distance of a swapping command's end from the end of the core's previous command, with 32-bit addresses. */
  readonly commandSpacing32Cycles: number
  /** The same with 40-bit addresses. */
  readonly commandSpacing40Cycles: number
  /** So many cycles behind a write of ActLMAddr, operands still use the old index. */
  readonly localMemoryAddressCycles: number
}

/**
 * The published figures; `contextArbitrationCycles` is taken to be that of a swapping command. Commands keep no distance: where
 * memories take their time, it comes about by itself.
 */
export const CORE_TIMING: CoreTiming = {
  branchNotTakenCycles: 1,
  branchTakenCycles: 4,
  branchTakenEarlyCycles: 3,
  branchAlwaysCycles: 4,
  commandSwapCycles: 3,
  contextArbitrationCycles: 3,
  commandSpacing32Cycles: 0,
  commandSpacing40Cycles: 0,
  localMemoryAddressCycles: 3,
}

/**
 * For following one path where memories answer at once: 16 and 25 cycles between commands are what a core with four contexts
 * needs to hide 64 and 100 cycles of latency.
 */
export const SINGLE_PATH_TIMING: CoreTiming = {
  ...CORE_TIMING,
  commandSpacing32Cycles: 16,
  commandSpacing40Cycles: 25,
}
