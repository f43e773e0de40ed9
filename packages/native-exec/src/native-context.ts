import { NATIVE_CONTEXT } from '@bpfoundry/codegen'
import { CPU_BLOCK, type Cpu } from '@bpfoundry/engine'
import { addressOf } from './foreign-functions.ts'
import { type WordPair, wordPair } from './gate.ts'
import type { ProgramTable } from './program-table.ts'

const { fields } = CPU_BLOCK
const TWO_32 = 2 ** 32
const wordOf = (offsetBytes: number): number => offsetBytes >>> 2

/** Words of the context that are touched on every run. */
const TAIL_CALLS = wordOf(NATIVE_CONTEXT.tailCalls)
const EXECUTED_INSNS = wordOf(NATIVE_CONTEXT.executedInsns)
const HELPER_CALLS = wordOf(NATIVE_CONTEXT.helperCalls)

/** What a context is made with. */
export interface ContextParts {
  readonly cpu: Cpu
  /** Host address of guest address 0. */
  readonly memoryBase: number
  /** Host address of what machine code calls for a helper. */
  readonly callHelper: number
  readonly programs: ProgramTable
}

/** NATIVE_CONTEXT for one CPU in one thread, in host memory that no guest program reaches. */
export class NativeContext {
  /** The CPU in this thread's eyes. */
  cpu: Cpu
  /** Its host address. */
  readonly address: WordPair
  readonly #words: Uint32Array = new Uint32Array(new ArrayBuffer(NATIVE_CONTEXT.sizeBytes))
  /** Indices of the block's counters in the views of their types. */
  readonly #executedInsns: number
  readonly #helperCalls: number
  readonly #tailCalls: number

  constructor({ cpu, memoryBase, callHelper, programs }: ContextParts) {
    this.cpu = cpu
    this.address = wordPair(addressOf(this.#words.buffer as ArrayBuffer))
    this.#executedInsns = (cpu.block + fields.executedInsns.offsetBytes) >>> 3
    this.#helperCalls = (cpu.block + fields.helperCalls.offsetBytes) >>> 3
    this.#tailCalls = (cpu.block + fields.tailCalls.offsetBytes) >>> 2
    this.#set(NATIVE_CONTEXT.memoryBase, memoryBase)
    this.#set(NATIVE_CONTEXT.cpuBlock, cpu.block)
    this.#set(NATIVE_CONTEXT.callHelper, callHelper)
    this.usePrograms(programs)
  }

  /** Takes over where the program table lies; again after it grew. */
  usePrograms({ address, count }: ProgramTable): void {
    this.#set(NATIVE_CONTEXT.programTable, address)
    this.#set(NATIVE_CONTEXT.programCount, count)
  }

  /** Adds what a run counted to the CPU block, and makes ready for the next. */
  book(): void {
    const words = this.#words
    const { f64, u32 } = this.cpu.memory
    u32[this.#tailCalls] = words[TAIL_CALLS] as number
    words[TAIL_CALLS] = 0
    if (words[EXECUTED_INSNS] !== 0) f64[this.#executedInsns]! += this.#take(EXECUTED_INSNS)
    if (words[HELPER_CALLS] !== 0) f64[this.#helperCalls]! += this.#take(HELPER_CALLS)
  }

  #take(at: number): number {
    const words = this.#words
    const count = (words[at] as number) + (words[at + 1] as number) * TWO_32
    words[at] = 0
    words[at + 1] = 0
    return count
  }

  #set(offsetBytes: number, value: number): void {
    const { low, high } = wordPair(value)
    this.#words[wordOf(offsetBytes)] = low
    this.#words[wordOf(offsetBytes) + 1] = high
  }
}
