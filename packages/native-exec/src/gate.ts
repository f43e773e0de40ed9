/**
 * The gate of a JavaScript thread: the functions through which it enters machine code and goes on in it, and the stack that
 * machine code runs on. One a thread and not one an engine or CPU, for V8 calls a function that a call site has always
 * called in half the time.
 */
import { isMainThread } from 'node:worker_threads'
import { allocateStack, freeCode, freeStack, type NativeStack, placeCode } from './executable-memory.ts'
import { addressOf, functionAt } from './foreign-functions.ts'
import { GATE } from './gate-layout.ts'
import { gateStubs } from './gate-stubs.ts'
import type { MachineFault } from './signal-fault.ts'

/** A host address as two int32, which JavaScript hands on without allocating. */
export interface WordPair {
  readonly low: number
  readonly high: number
}

const TWO_32 = 2 ** 32

export function wordPair(address: number): WordPair {
  return { low: (address % TWO_32) | 0, high: Math.floor(address / TWO_32) | 0 }
}

/** Far more than eight frames of any back end's, times the programs that helpers may run inside of a program. */
const STACK_BYTES = 256 << 10
/** What the code of a run may find above its return address: Windows lets a callee keep its arguments there. */
const ABOVE_BYTES = 64
/** Calling conventions want stacks aligned to this. */
const STACK_ALIGNMENT_BYTES = 16

const wordOf = (offsetBytes: number): number => offsetBytes >>> 2
const CONTEXT = wordOf(GATE.context)
const ENTRY = wordOf(GATE.entry)
const ARGUMENT = wordOf(GATE.argument)
const WAITING = wordOf(GATE.waiting)
const SIGNAL = wordOf(GATE.signal)
const HELPER = wordOf(GATE.helper)

/** State of a run that waits while a helper runs another program. */
export type SuspendedRun = Uint32Array

/** See the file's head. */
export class Gate {
  /** Host address of `void callHelper(u32 helper)` for machine code. */
  readonly callHelper: number
  /** Host address of the gate itself. */
  readonly address: number
  readonly stack: NativeStack
  readonly #words: Uint32Array = new Uint32Array(new ArrayBuffer(GATE.sizeBytes))
  readonly #enter: () => void
  readonly #resume: () => void

  constructor() {
    this.address = addressOf(this.#words.buffer as ArrayBuffer)
    const stubs = gateStubs(this.address)
    const code = placeCode(stubs.bytes)
    const stack = allocateStack(STACK_BYTES)
    this.stack = stack
    this.#enter = functionAt(code.address, 'void', [])
    this.#resume = functionAt(code.address + stubs.resumeOffsetBytes, 'void', [])
    this.callHelper = code.address + stubs.callHelperOffsetBytes
    this.#set(GATE.stack, stack.address + stack.lengthBytes - ABOVE_BYTES)
    if (isMainThread) return
    // The process outlives a worker, and so would these.
    process.once('exit', () => {
      freeCode(code)
      freeStack(stack)
    })
  }

  /** Runs the code at `entry` with r1 in the context at a host address, until it ends or {@link waits}. */
  enter(entry: WordPair, context: WordPair, r1: number): void {
    const words = this.#words
    words[CONTEXT] = context.low
    words[CONTEXT + 1] = context.high
    words[ENTRY] = entry.low
    words[ENTRY + 1] = entry.high
    words[ARGUMENT] = r1
    this.#enter()
  }

  /** Whether machine code waits for a helper. Then either {@link resume} it, or {@link abandon} the run. */
  get waits(): boolean {
    return this.#words[WAITING] !== 0
  }

  /** Number of the helper that it waits for. */
  get helper(): number {
    return this.#words[HELPER] as number
  }

  /** Host address behind the helper call. */
  get helperReturn(): number {
    return this.#get(GATE.helperReturn)
  }

  /** Goes on behind the helper call, until the code ends or waits again. */
  resume(): void {
    this.#resume()
  }

  /** What crash made it wait, if it was one. Then it can't be resumed. @see catchFaults */
  takeFault(): MachineFault | undefined {
    const signal = this.#words[SIGNAL] as number
    if (signal === 0) return undefined
    this.#words[SIGNAL] = 0
    return { signal, address: this.#get(GATE.faultAddress), pc: this.#get(GATE.faultPc) }
  }

  /** Nobody will go on. */
  abandon(): void {
    this.#words[WAITING] = 0
  }

  /** Lets another run use what is free of the stack, while this one waits. */
  suspend(): SuspendedRun {
    const state = this.#words.slice()
    const free = Math.floor(this.#get(GATE.machineStack) / STACK_ALIGNMENT_BYTES) * STACK_ALIGNMENT_BYTES
    this.#set(GATE.stack, free - ABOVE_BYTES)
    this.abandon()
    return state
  }

  /** The other run is over. */
  restore(state: SuspendedRun): void {
    this.#words.set(state)
  }

  #get(offsetBytes: number): number {
    const at = wordOf(offsetBytes)
    return (this.#words[at] as number) + (this.#words[at + 1] as number) * TWO_32
  }

  #set(offsetBytes: number, value: number): void {
    const { low, high } = wordPair(value)
    this.#words[wordOf(offsetBytes)] = low
    this.#words[wordOf(offsetBytes) + 1] = high
  }
}

let gate: Gate | undefined

/** This thread's gate. @throws NativeExecError where memory for it can't be had, or code can't be placed */
export function threadGate(): Gate {
  gate ??= new Gate()
  return gate
}
