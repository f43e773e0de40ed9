import { Runner } from './runner.ts'

/** The runners of this thread, by what they are started with: all engines that want the same share one. */
const slots = new Map<string, RunnerSlot>()

/** The slot for runners on that CPU model and with that limit. */
export function runnerSlot(cpu: string | undefined, timeoutMs: number): RunnerSlot {
  const key = `${cpu ?? ''} ${timeoutMs}`
  const slot = slots.get(key) ?? new RunnerSlot(cpu, timeoutMs)
  slots.set(key, slot)
  return slot
}

/** A runner that is started when it is wanted, and again after it ended. */
export class RunnerSlot {
  readonly #cpu: string | undefined
  readonly #timeoutMs: number
  #runner: Runner | undefined
  /** A program of this thread is in it. */
  busy = false

  constructor(cpu: string | undefined, timeoutMs: number) {
    // A worker's descriptors outlive it, and so would its process.
    process.once('exit', () => this.close())
    this.#cpu = cpu
    this.#timeoutMs = timeoutMs
  }

  /** @throws NativeExecError NATIVE_PLATFORM, NATIVE_MAP, NATIVE_NO_KOFFI */
  get runner(): Runner {
    if (this.#runner?.alive !== true) this.#runner = new Runner(this.#cpu, this.#timeoutMs)
    return this.#runner
  }

  close(): void {
    this.#runner?.close()
    this.#runner = undefined
  }
}
