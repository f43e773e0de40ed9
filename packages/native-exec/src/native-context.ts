import { NATIVE_CONTEXT } from '@bpfoundry/codegen'
import type { Cpu } from '@bpfoundry/engine'
import { HOST_CONTEXT } from './context-layout.ts'
import { entryStubs } from './entry-stubs.ts'
import { freeCode, type PlacedCode, placeCode } from './executable-memory.ts'
import { addressOf, functionAt } from './foreign-functions.ts'
import type { ProgramTable } from './program-table.ts'

const WORDS = { low: 0, high: 1 } as const
const TWO_32 = 2 ** 32
const wordOf = (offsetBytes: number): number => offsetBytes >>> 2

/** Words of the context that are touched on every run. */
const ENTRY = wordOf(HOST_CONTEXT.entry)
const ABANDONED = wordOf(HOST_CONTEXT.abandoned)
const TAIL_CALLS = wordOf(NATIVE_CONTEXT.tailCalls)
const EXECUTED_INSNS = wordOf(NATIVE_CONTEXT.executedInsns)
const HELPER_CALLS = wordOf(NATIVE_CONTEXT.helperCalls)

/** What a context is made with. */
export interface ContextParts {
  readonly cpu: Cpu
  /** Host address of guest address 0. */
  readonly memoryBase: number
  /** What koffi made of the thread's helper dispatcher. */
  readonly callback: number
  readonly programs: ProgramTable
}

/**
 * NATIVE_CONTEXT for one CPU in one thread, in host memory that no guest program reaches, and the two stubs that hold
 * its address. A run sets the entry, calls {@link enter}, and takes the counters.
 */
export class NativeContext {
  /** The CPU in this thread's eyes. */
  cpu: Cpu
  /** Runs the code at the entry with r1; 0 when the run was given up. */
  readonly enter: (r1: number) => number
  readonly #buffer: ArrayBuffer = new ArrayBuffer(HOST_CONTEXT.sizeBytes)
  readonly #words: Uint32Array = new Uint32Array(this.#buffer)
  readonly #stubs: PlacedCode

  constructor({ cpu, memoryBase, callback, programs }: ContextParts) {
    this.cpu = cpu
    const stubs = entryStubs(addressOf(this.#buffer))
    this.#stubs = placeCode(stubs.bytes)
    this.enter = functionAt(this.#stubs.address, 'uint32_t', ['uint32_t'])
    this.#set(NATIVE_CONTEXT.memoryBase, memoryBase)
    this.#set(NATIVE_CONTEXT.cpuBlock, cpu.block)
    this.#set(NATIVE_CONTEXT.callHelper, this.#stubs.address + stubs.callHelperOffsetBytes)
    this.#set(HOST_CONTEXT.callback, callback)
    this.usePrograms(programs)
  }

  /** Takes over where the program table lies; again after it grew. */
  usePrograms({ address, count }: ProgramTable): void {
    this.#set(NATIVE_CONTEXT.programTable, address)
    this.#set(NATIVE_CONTEXT.programCount, count)
  }

  /** Makes ready for a run of the code at a host address, given as its two words. */
  begin(entryLow: number, entryHigh: number): void {
    const words = this.#words
    words[ENTRY] = entryLow
    words[ENTRY + WORDS.high] = entryHigh
    words[TAIL_CALLS] = 0
  }

  /** Tells the helper stub that the helper went well: the run goes on. */
  goOn(): void {
    this.#words[ABANDONED] = 0
  }

  /** Host address behind the helper call at hand. */
  get helperReturn(): number {
    return this.#get(HOST_CONTEXT.helperReturn)
  }

  get tailCalls(): number {
    return this.#words[TAIL_CALLS] as number
  }

  /** What was counted since the last time; 0 when the code does not count. */
  takeExecutedInsns(): number {
    return this.#take(EXECUTED_INSNS)
  }

  takeHelperCalls(): number {
    return this.#take(HELPER_CALLS)
  }

  /** Gives the stubs back. */
  close(): void {
    freeCode(this.#stubs)
  }

  #take(at: number): number {
    const words = this.#words
    const count = (words[at] as number) + (words[at + WORDS.high] as number) * TWO_32
    words[at] = 0
    words[at + WORDS.high] = 0
    return count
  }

  #get(offsetBytes: number): number {
    const at = wordOf(offsetBytes)
    return (this.#words[at] as number) + (this.#words[at + WORDS.high] as number) * TWO_32
  }

  #set(offsetBytes: number, value: number): void {
    const at = wordOf(offsetBytes)
    this.#words[at] = value
    this.#words[at + WORDS.high] = Math.floor(value / TWO_32)
  }
}
