/**
 * Registers of a core, by absolute number. What belongs to one context lies behind what belongs to the one before: general
 * purpose registers of bank A first, bank B behind them.
 *
 * @see nfp.md 2: 256 general purpose, 256 + 256 transfer and 128 next neighbour registers, 1024 words of local memory
 */

/** Contexts of a core: all 8, or every second one with twice the registers. */
export type ContextCount = 4 | 8

/** Registers of a bank, over all contexts. */
export const BANK_REGISTERS = 128
/** Transfer registers of a direction, over all contexts. */
const TRANSFER_REGISTERS = 256
const NEIGHBOUR_REGISTERS = 128
/** Words of local memory, which all contexts share. */
export const LOCAL_MEMORY_WORDS = 1024
/** Addresses of local memory wrap at its end. */
export const MEMORY_WORD_MASK: number = LOCAL_MEMORY_WORDS - 1
/** Index registers of local memory, a context. */
export const INDEX_REGISTERS = 4

/** The registers of a core. */
export interface CoreState {
  readonly contexts: ContextCount
  /** Bank A at 0, bank B at `BANK_REGISTERS`. */
  readonly gpr: Int32Array
  readonly xferIn: Int32Array
  readonly xferOut: Int32Array
  readonly neighbour: Int32Array
  readonly localMemory: Int32Array
  /** Index registers, 4 a context: byte addresses, as they were written. */
  readonly lmAddr: Int32Array
  /** Values that were written lately, and the cycle from which on they hold; `Infinity`: none. */
  readonly lmAddrNext: Int32Array
  readonly lmAddrFrom: Float64Array
}

/** Registers that all hold 0. */
export function createCoreState(contexts: ContextCount): CoreState {
  return {
    contexts,
    gpr: new Int32Array(2 * BANK_REGISTERS),
    xferIn: new Int32Array(TRANSFER_REGISTERS),
    xferOut: new Int32Array(TRANSFER_REGISTERS),
    neighbour: new Int32Array(NEIGHBOUR_REGISTERS),
    localMemory: new Int32Array(LOCAL_MEMORY_WORDS),
    lmAddr: new Int32Array(contexts * INDEX_REGISTERS),
    lmAddrNext: new Int32Array(contexts * INDEX_REGISTERS),
    lmAddrFrom: new Float64Array(contexts * INDEX_REGISTERS).fill(Number.POSITIVE_INFINITY),
  }
}

/** Registers of one bank that a context can name relative to itself. */
export const bankRegistersOf = (contexts: ContextCount): number => BANK_REGISTERS / contexts
/** Transfer registers of one direction that a context can name. */
export const transferRegistersOf = (contexts: ContextCount): number => TRANSFER_REGISTERS / contexts
