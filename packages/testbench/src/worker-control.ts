import type { GuestMemory, Region } from '@bpfoundry/guest-memory'

/**
 * The words by which the main thread steers the workers, in guest memory:
 *
 * ```
 *  +0    stop      1: finish what waits in the rings, then return
 *  +4    gate      1: don't poll (a burst is being delivered)
 *  +8    doorbell  counts orders; idle workers wait on it
 *  +12   halt      1: play no more of a trace
 *  +64   one line a CPU:  command (written by main)  done  busy  handled  idle (all written by the worker)
 * ```
 *
 * The gate is acknowledged: a worker says that it is busy before it looks at the gate, and whoever closes the gate waits
 * until nobody is busy. Either the worker sees the gate, or main sees the worker.
 */
export class WorkerControl {
  readonly address: number
  readonly #memory: GuestMemory

  constructor(memory: GuestMemory, address: number) {
    this.#memory = memory
    this.address = address
  }

  /** Allocates the words; on the thread that owns the memory. */
  static allocate(memory: GuestMemory, cpus: number): { readonly control: WorkerControl; readonly region: Region } {
    const region = memory.allocate('worker control', 'ring', LINE_BYTES * (1 + cpus))
    return { control: new WorkerControl(memory, region.address), region }
  }

  get stopping(): boolean {
    return this.#load(STOP) !== 0
  }

  set stopping(value: boolean) {
    this.#store(STOP, value ? 1 : 0)
    this.ring()
  }

  get gated(): boolean {
    return this.#load(GATE) !== 0
  }

  set gated(value: boolean) {
    this.#store(GATE, value ? 1 : 0)
    this.ring()
  }

  get halted(): boolean {
    return this.#load(HALT) !== 0
  }

  set halted(value: boolean) {
    this.#store(HALT, value ? 1 : 0)
    this.ring()
  }

  /** CPU `cpu` wants to poll. @returns false when the gate is closed; else {@link leave} must follow */
  enter(cpu: number): boolean {
    Atomics.store(this.#memory.i32, this.#line(cpu) + BUSY, 1)
    if (!this.gated) return true
    this.leave(cpu)
    return false
  }

  leave(cpu: number): void {
    Atomics.store(this.#memory.i32, this.#line(cpu) + BUSY, 0)
  }

  /** Whether CPU `cpu` is between {@link enter} and {@link leave}. */
  busy(cpu: number): boolean {
    return Atomics.load(this.#memory.i32, this.#line(cpu) + BUSY) !== 0
  }

  /** CPU `cpu` polled: it handled something, or has nothing to do. */
  polled(cpu: number, handled: boolean): void {
    Atomics.add(this.#memory.i32, this.#line(cpu) + (handled ? HANDLED : IDLE), 1)
  }

  /** Polls of CPU `cpu` that handled something, and those after which it had nothing to do. */
  activity(cpu: number): { readonly handled: number; readonly idle: number } {
    const { i32 } = this.#memory
    return {
      handled: Atomics.load(i32, this.#line(cpu) + HANDLED),
      idle: Atomics.load(i32, this.#line(cpu) + IDLE),
    }
  }

  /** Wakes idle workers. */
  ring(): void {
    const at = this.#word(DOORBELL)
    Atomics.add(this.#memory.i32, at, 1)
    Atomics.notify(this.#memory.i32, at)
  }

  /** Sleeps until the next ring, or `timeoutMs`. @param seen what {@link doorbell} was before the last look at the rings */
  sleep(seen: number, timeoutMs: number): void {
    Atomics.wait(this.#memory.i32, this.#word(DOORBELL), seen, timeoutMs)
  }

  get doorbell(): number {
    return this.#load(DOORBELL)
  }

  /** Tells CPU `cpu` that a message waits at its port. @returns the number to wait for in {@link done} */
  command(cpu: number): number {
    const number = (Atomics.add(this.#memory.i32, this.#line(cpu), 1) + 1) | 0
    this.ring()
    return number
  }

  /** Messages announced to CPU `cpu`. */
  commands(cpu: number): number {
    return Atomics.load(this.#memory.i32, this.#line(cpu))
  }

  /** Messages that CPU `cpu` has worked off. */
  done(cpu: number): number {
    return Atomics.load(this.#memory.i32, this.#line(cpu) + 1)
  }

  setDone(cpu: number, number: number): void {
    Atomics.store(this.#memory.i32, this.#line(cpu) + 1, number)
  }

  #word(offsetBytes: number): number {
    return (this.address + offsetBytes) >>> 2
  }

  #line(cpu: number): number {
    return this.#word(LINE_BYTES * (1 + cpu))
  }

  #load(offsetBytes: number): number {
    return Atomics.load(this.#memory.i32, this.#word(offsetBytes))
  }

  #store(offsetBytes: number, value: number): void {
    Atomics.store(this.#memory.i32, this.#word(offsetBytes), value)
  }
}

const STOP = 0
const GATE = 4
const DOORBELL = 8
const HALT = 12
/** Words of a CPU's line. */
const BUSY = 2
const HANDLED = 3
const IDLE = 4
const LINE_BYTES = 64
