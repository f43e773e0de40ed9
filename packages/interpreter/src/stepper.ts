import type { Cpu, EngineEnvironment, ProgramImage } from '@bpfoundry/engine'
import { type InterpreterOptions, Workshop } from './interpreter.ts'
import { Walk } from './program.ts'

/** A call frame, as a debugger shows it. */
export interface StackFrame {
  readonly image: ProgramImage
  /** The innermost frame's next instruction; in the others the one after their call. */
  readonly pc: number
}

/** A run in the hands of a debugger or a test. */
export interface Stepper {
  /** The program the next instruction belongs to; a tail call changes it. */
  readonly image: ProgramImage
  /** Slot of the next instruction; after a fault, of the one that faulted. */
  readonly pc: number
  /** From the entry to the innermost. */
  readonly frames: readonly StackFrame[]
  readonly executedInsns: number
  readonly finished: boolean
  /** r0 at the end, 64 bits unsigned; undefined until then, and after a fault. */
  readonly result: bigint | undefined
  /** Rn, 64 bits unsigned. */
  register(n: number): bigint
  /** Sets Rn. */
  setRegister(n: number, value: bigint): void
  /**
   * Runs one instruction. A helper call is one, a call of a subprogram leads into it.
   *
   * @returns false when the program had ended before, or ended by it
   * @throws ExecutionFault, which ends the run
   */
  step(): boolean
  /** Ends the run where it stands, so that the CPU can be used again. */
  abandon(): void
}

/**
 * Starts a run of `image` on `cpu` with r1 = `ctx` that goes on one step at a time. It has its own machine, so that runs
 * on other CPUs may go on in between, and does not call `onInsn`.
 */
export function createStepper(
  image: ProgramImage,
  environment: EngineEnvironment,
  cpu: Cpu,
  ctx: number,
  options: Omit<InterpreterOptions, 'onInsn'> = {},
): Stepper {
  const workshop = new Workshop(environment, options)
  const { machine } = workshop
  const walk = new Walk(workshop.make(image), machine, cpu, ctx, workshop.fuel)
  const words = cpu.regs
  let faulted = false
  const register = (n: number): bigint => (BigInt(words[2 * n + 1]! >>> 0) << 32n) | BigInt(words[2 * n]! >>> 0)
  return {
    get image() {
      return walk.operation.image
    },
    get pc() {
      return walk.operation.pc
    },
    get frames() {
      const callers = Array.from({ length: machine.depth }, (_, depth) => machine.returnOf(depth))
      return [...callers, walk.operation].map(({ image, pc }) => ({ image, pc }))
    },
    get executedInsns() {
      return walk.executedInsns
    },
    get finished() {
      return walk.finished
    },
    get result() {
      return walk.finished && !faulted ? register(0) : undefined
    },
    register,
    setRegister(n, value) {
      words[2 * n] = Number(BigInt.asIntN(32, value))
      words[2 * n + 1] = Number(BigInt.asIntN(32, value >> 32n))
    },
    step() {
      if (walk.finished) return false
      faulted = true
      walk.step()
      faulted = false
      return !walk.finished
    },
    abandon() {
      faulted ||= !walk.finished
      walk.abandon()
    },
  }
}
