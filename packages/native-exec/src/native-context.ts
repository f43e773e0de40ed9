import { NATIVE_CONTEXT } from '@bpfoundry/codegen'
import { CPU_BLOCK, type Cpu } from '@bpfoundry/engine'
import { HOST_CONTEXT } from './context-layout.ts'
import { entryStubs } from './entry-stubs.ts'
import { freeCode, type PlacedCode, placeCode } from './executable-memory.ts'
import { addressOf, functionAt } from './foreign-functions.ts'
import type { ProgramTable } from './program-table.ts'

const { fields } = CPU_BLOCK
const TWO_32 = 2 ** 32
const wordOf = (offsetBytes: number): number => offsetBytes >>> 2

/** Words of the context that are touched on every run. */
const ENTRY = wordOf(HOST_CONTEXT.entry)
const ARGUMENT = wordOf(HOST_CONTEXT.argument)
const HELPER = wordOf(HOST_CONTEXT.helper)
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
 * its address.
 */
export class NativeContext {
  /** The CPU in this thread's eyes. */
  cpu: Cpu
  readonly #enter: () => void
  /** Indices of the block's counters in the views of their types. */
  readonly #executedInsns: number
  readonly #helperCalls: number
  readonly #tailCalls: number
  readonly #buffer: ArrayBuffer = new ArrayBuffer(HOST_CONTEXT.sizeBytes)
  readonly #words: Uint32Array = new Uint32Array(this.#buffer)
  readonly #stubs: PlacedCode

  constructor({ cpu, memoryBase, callback, programs }: ContextParts) {
    this.cpu = cpu
    this.#executedInsns = (cpu.block + fields.executedInsns.offsetBytes) >>> 3
    this.#helperCalls = (cpu.block + fields.helperCalls.offsetBytes) >>> 3
    this.#tailCalls = (cpu.block + fields.tailCalls.offsetBytes) >>> 2
    const stubs = entryStubs(addressOf(this.#buffer))
    this.#stubs = placeCode(stubs.bytes)
    this.#enter = functionAt(this.#stubs.address, 'void', [])
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

  /** Runs the code at a host address, given as its two words, with r1, until it ends or is given up; r0 is in the block. */
  run(entryLow: number, entryHigh: number, r1: number): void {
    const words = this.#words
    words[ENTRY] = entryLow
    words[ENTRY + 1] = entryHigh
    words[ARGUMENT] = r1
    words[TAIL_CALLS] = 0
    this.#enter()
  }

  /** Adds what the last run counted to the CPU block. */
  book(): void {
    const words = this.#words
    const { f64, u32 } = this.cpu.memory
    u32[this.#tailCalls] = words[TAIL_CALLS] as number
    if (words[EXECUTED_INSNS] !== 0) f64[this.#executedInsns]! += this.#take(EXECUTED_INSNS)
    if (words[HELPER_CALLS] !== 0) f64[this.#helperCalls]! += this.#take(HELPER_CALLS)
  }

  /** Tells the helper stub that the helper went well: the run goes on. */
  goOn(): void {
    this.#words[ABANDONED] = 0
  }

  /** Number of the helper that machine code called last. */
  get helper(): number {
    return this.#words[HELPER] as number
  }

  /** Host address behind the helper call at hand. */
  get helperReturn(): number {
    return this.#get(HOST_CONTEXT.helperReturn)
  }

  /** Gives the stubs back. */
  close(): void {
    freeCode(this.#stubs)
  }

  #take(at: number): number {
    const words = this.#words
    const count = (words[at] as number) + (words[at + 1] as number) * TWO_32
    words[at] = 0
    words[at + 1] = 0
    return count
  }

  #get(offsetBytes: number): number {
    const at = wordOf(offsetBytes)
    return (this.#words[at] as number) + (this.#words[at + 1] as number) * TWO_32
  }

  #set(offsetBytes: number, value: number): void {
    const at = wordOf(offsetBytes)
    this.#words[at] = value
    this.#words[at + 1] = Math.floor(value / TWO_32)
  }
}
