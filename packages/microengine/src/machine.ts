/**
 * One context while it has the core: its registers as views of the core's, what the pipeline carries from word to word, and
 * where it is. Both ways of execution work on it.
 */
import {
  BANK_REGISTERS,
  bankRegistersOf,
  type CoreState,
  INDEX_REGISTERS,
  MEMORY_WORD_MASK,
  transferRegistersOf,
} from './core-state.ts'
import type { CommandSink } from './execution/commands.ts'
import type { RandomRegister } from './execution/control-registers.ts'
import type { MemoryCommandSlot } from './memory/memory-command.ts'

/** Why a context stops executing words. */
export const STOP = {
  /** Another function of the generated code goes on at `pc`. */
  chunk: 0,
  /** A command was issued that the context waits for. */
  command: 1,
  /** `ctx_arb`. */
  arbitration: 2,
  /** `pc` is outside the loaded words: a routine's address, or nothing's. */
  outside: 3,
  /** The cycle limit has been passed at a backward branch. */
  limit: 4,
  /** The word at `pc` cannot be executed. */
  fault: 5,
} as const
/** Number of a reason to stop. */
export type Stop = (typeof STOP)[keyof typeof STOP]

/** A context that executes words. Nothing of the pipeline survives a swap: condition codes are the core's, not the context's. */
export class Machine {
  readonly context: number
  readonly contexts: number
  /** Where its commands go. */
  readonly sink: CommandSink
  /** The core's pseudo-random number register. */
  readonly random: RandomRegister
  /** General purpose registers of bank A and B that the context names relatively. */
  readonly a: Int32Array
  readonly b: Int32Array
  /** All general purpose registers, bank A first. */
  readonly gpr: Int32Array
  readonly xferIn: Int32Array
  readonly xferOut: Int32Array
  readonly neighbour: Int32Array
  readonly local: Int32Array
  /** Index registers, their next values, and from which cycle on those hold. */
  readonly lmAddr: Int32Array
  readonly lmAddrNext: Int32Array
  readonly lmAddrFrom: Float64Array

  pc = 0
  /** Cycles since `base`, at which the context got the core. */
  cycle = 0
  base = 0
  /** Cycles after which a backward branch gives up. */
  limit = 0

  /** The last result that set condition codes: N and Z follow from it. */
  result = 0
  carry = 0
  overflow = 0
  /** A operand and result of the previous ALU word. */
  previousA = 0
  previousResult = 0
  /** Operands of the multiplication that goes on. */
  mulA = 0
  mulB = 0
  /** What `local_csr_rd` read for the next word. */
  csr = 0

  /** Signals that have come and were not waited for yet; what is waited for. */
  signals = 0
  waitsFor = 0
  waitsForAny = false
  /** The command that was issued last and waits for the end of its shadow. */
  command: MemoryCommandSlot | undefined = undefined

  constructor(state: CoreState, context: number, sink: CommandSink, random: RandomRegister) {
    const bank = bankRegistersOf(state.contexts)
    const transfers = transferRegistersOf(state.contexts)
    const neighbours = state.neighbour.length / state.contexts
    this.context = context
    this.sink = sink
    this.random = random
    this.contexts = state.contexts
    this.gpr = state.gpr
    this.a = state.gpr.subarray(context * bank, (context + 1) * bank)
    this.b = state.gpr.subarray(BANK_REGISTERS + context * bank, BANK_REGISTERS + (context + 1) * bank)
    this.xferIn = state.xferIn.subarray(context * transfers, (context + 1) * transfers)
    this.xferOut = state.xferOut.subarray(context * transfers, (context + 1) * transfers)
    this.neighbour = state.neighbour.subarray(context * neighbours, (context + 1) * neighbours)
    this.local = state.localMemory
    const first = context * INDEX_REGISTERS
    this.lmAddr = state.lmAddr.subarray(first, first + INDEX_REGISTERS)
    this.lmAddrNext = state.lmAddrNext.subarray(first, first + INDEX_REGISTERS)
    this.lmAddrFrom = state.lmAddrFrom.subarray(first, first + INDEX_REGISTERS)
  }

  /** The context gets the core. */
  begin(base: number): void {
    this.base = base
    this.cycle = 0
    this.result = 0
    this.carry = 0
    this.overflow = 0
    this.previousA = 0
    this.previousResult = 0
    this.mulA = 0
    this.mulB = 0
    this.csr = 0
  }

  /** Word of local memory that index register `index` with `offset` names; a write of the register may be on its way. */
  localWord(index: number, offset: number): number {
    if (this.base + this.cycle >= (this.lmAddrFrom[index] ?? 0)) this.settle(index)
    return (((this.lmAddr[index] ?? 0) >>> 2) | offset) & MEMORY_WORD_MASK
  }

  /** A write of an index register takes hold. */
  settle(index: number): void {
    if (this.lmAddrFrom[index] === Number.POSITIVE_INFINITY) return
    this.lmAddr[index] = this.lmAddrNext[index] ?? 0
    this.lmAddrFrom[index] = Number.POSITIVE_INFINITY
  }
}
