import type { Libc, NativeMemory } from './native-memory.ts'
import { systemCallError } from './oracle-error.ts'

/** One of the real-time signals that nobody else sends: SIGRTMAX - 2. */
const SIGNAL = 62
const CLOCK_MONOTONIC = 1
const SIGEV_THREAD_ID = 4
const MS_PER_S = 1000
const NS_PER_MS = 1e6

/** struct sigaction: handler first, no flags (calls are not restarted), nothing masked. */
const SIGACTION_BYTES = 152
/** struct sigevent: value, signal, notification, thread. */
const EVENT = { at: 256, signal: 264, notify: 268, thread: 272 } as const
/** Where timer_create puts the id. */
const TIMER_ID = 384
/** struct itimerspec: interval and first time, seconds and nanoseconds each. */
const SPEC = { at: 512, intervalS: 512, intervalNs: 520, firstS: 528, firstNs: 536 } as const
const MEMORY_BYTES = 4096

/**
 * Ends a system call of this thread that takes too long. A timer sends the thread a signal, whose handler does nothing:
 * the verifier and test runs look for a waiting signal, and give up with EAGAIN or EINTR.
 *
 * @see timer_create(2), SIGEV_THREAD_ID
 */
export class TimeLimit {
  readonly #libc: Libc
  readonly #memory: NativeMemory
  readonly #limitMs: number
  /** Made with the first call. */
  #timer: number | undefined

  constructor(libc: Libc, limitMs: number) {
    this.#libc = libc
    this.#memory = libc.allocate(MEMORY_BYTES)
    this.#limitMs = limitMs
  }

  /** What `action` gives, and whether its time was up. */
  run(action: () => number): { readonly result: number; readonly timedOut: boolean } {
    if (this.#limitMs === Number.POSITIVE_INFINITY) return { result: action(), timedOut: false }
    const started = performance.now()
    this.#set(this.#limitMs)
    try {
      const result = action()
      return { result, timedOut: result < 0 && performance.now() - started >= this.#limitMs }
    } finally {
      this.#set(0)
    }
  }

  /** Afterwards again each second, should the first signal have come before the call. 0: no more. */
  #set(firstMs: number): void {
    this.#timer ??= this.#create()
    const { view, address } = this.#memory
    const set = (at: number, value: number): void => view.setBigInt64(at, BigInt(value), true)
    set(SPEC.intervalS, firstMs === 0 ? 0 : 1)
    set(SPEC.intervalNs, 0)
    set(SPEC.firstS, Math.floor(firstMs / MS_PER_S))
    set(SPEC.firstNs, Math.round((firstMs % MS_PER_S) * NS_PER_MS))
    this.#libc.call('timer_settime', this.#timer, 0, address + SPEC.at, 0)
  }

  #create(): number {
    const { view, address, bytes } = this.#memory
    bytes.fill(0, 0, SIGACTION_BYTES)
    view.setBigInt64(0, BigInt(this.#libc.harmlessFunction()), true)
    this.#libc.setSignalAction(SIGNAL, address)
    view.setInt32(EVENT.signal, SIGNAL, true)
    view.setInt32(EVENT.notify, SIGEV_THREAD_ID, true)
    view.setInt32(EVENT.thread, this.#libc.call('gettid'), true)
    const result = this.#libc.call('timer_create', CLOCK_MONOTONIC, address + EVENT.at, address + TIMER_ID)
    if (result < 0) throw systemCallError('ORACLE_TIME_LIMIT', 'the kernel gives no timer', -result)
    return view.getInt32(TIMER_ID, true)
  }

  close(): void {
    if (this.#timer !== undefined) this.#libc.call('timer_delete', this.#timer)
    this.#timer = undefined
  }
}
