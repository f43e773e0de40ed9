import type { FirmwareRoutine, FirmwareStep } from './firmware.ts'
import type { Machine } from './machine.ts'

const NEVER = Number.POSITIVE_INFINITY

/** A context of a core: where it is, and when it can go on. */
export class Context {
  readonly machine: Machine
  /** Cycle from which on it can have the core; `Infinity` while it waits or is parked. */
  readyAt: number = NEVER
  parked = true
  /** The routine of the firmware that it is in, and how far it has come. */
  routine: FirmwareRoutine | undefined = undefined
  steps: readonly FirmwareStep[] = []
  step = 0

  constructor(machine: Machine) {
    this.machine = machine
  }

  /** Goes on at a cycle, a whole one. */
  wake(atCycle: number): void {
    this.readyAt = Math.ceil(atCycle)
  }

  /** Waits for something that will `wake` it. */
  sleep(): void {
    this.readyAt = NEVER
  }

  /** Waits for `Microengine.start`. */
  park(): void {
    this.parked = true
    this.readyAt = NEVER
  }

  /** A signal has come. Whether the context can go on with it. */
  signal(number: number): boolean {
    this.machine.signals |= 1 << number
    return this.takeSignals()
  }

  /** Whether the signals that the context waits for have come; then they are used up. */
  takeSignals(): boolean {
    const { machine } = this
    const come = machine.signals & machine.waitsFor
    if (machine.waitsFor <= 0 || come === 0) return false
    if (!machine.waitsForAny && come !== machine.waitsFor) return false
    machine.signals &= ~machine.waitsFor
    machine.waitsFor = 0
    return true
  }
}
