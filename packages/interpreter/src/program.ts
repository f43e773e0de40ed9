import { type CompiledProgram, type Cpu, ExecutionFault, type ProgramImage } from '@bpfoundry/engine'
import { locateFault } from './fault-place.ts'
import type { Machine } from './machine.ts'
import type { Operation } from './operation.ts'
import { type Registers, registersOf } from './registers.ts'
import { translate } from './translate.ts'

/** Instructions run between looks at the fuel; what is left of it is counted in an int32 meanwhile. */
const STRIDE = 2 ** 30

/** Called before each instruction: the program it belongs to (a tail call changes it), its slot, and the CPU. */
export type InsnHook = (image: ProgramImage, pc: number, cpu: Cpu) => void

/** A program translated for one machine. */
export class Program implements CompiledProgram {
  readonly image: ProgramImage
  readonly entry: Operation
  readonly #machine: Machine
  readonly #fuel: number

  constructor(image: ProgramImage, machine: Machine, fuel: number) {
    this.image = image
    this.#machine = machine
    this.#fuel = fuel
    this.entry = translate(image, machine)
  }

  run(cpu: Cpu, ctx: number): number {
    const m = this.#machine
    const r = registersOf(cpu.regs)
    m.begin(this.image, cpu, ctx, r)
    let operation = this.entry
    let fuel = this.#fuel
    let left = 0
    try {
      while (fuel > 0) {
        const stride = Math.min(fuel, STRIDE)
        fuel -= stride
        left = stride | 0
        do {
          left--
          const run = operation.run
          const next = run(r, operation)
          if (next === undefined) return cpu.regs[0]! >>> 0
          operation = next
        } while (left > 0)
      }
      throw outOfFuel(this.#fuel)
    } catch (error) {
      throw locateFault(error, operation)
    } finally {
      m.end(this.#fuel - fuel - left)
    }
  }
}

/** A {@link Program} that tells of each instruction before it runs. Slower, and apart, so that others pay nothing. */
export class TracedProgram extends Program {
  readonly #machine: Machine
  readonly #fuel: number
  readonly #onInsn: InsnHook

  constructor(image: ProgramImage, machine: Machine, fuel: number, onInsn: InsnHook) {
    super(image, machine, fuel)
    this.#machine = machine
    this.#fuel = fuel
    this.#onInsn = onInsn
  }

  override run(cpu: Cpu, ctx: number): number {
    const walk = new Walk(this, this.#machine, cpu, ctx, this.#fuel)
    try {
      while (!walk.finished) {
        this.#onInsn(walk.operation.image, walk.operation.pc, cpu)
        walk.step()
      }
    } finally {
      walk.abandon()
    }
    return cpu.regs[0]! >>> 0
  }
}

/** A run that goes one instruction at a time, with the same operations. */
export class Walk {
  readonly #machine: Machine
  readonly #r: Registers
  readonly #fuel: number
  /** The next operation; after the end, the last one. */
  operation: Operation
  executedInsns = 0
  finished = false

  constructor(program: Program, machine: Machine, cpu: Cpu, ctx: number, fuel: number) {
    this.#machine = machine
    this.#r = registersOf(cpu.regs)
    this.#fuel = fuel
    this.operation = program.entry
    machine.begin(program.image, cpu, ctx, this.#r)
  }

  /** Runs one instruction. @throws ExecutionFault, which ends the walk */
  step(): void {
    const { operation } = this
    try {
      if (this.executedInsns >= this.#fuel) throw outOfFuel(this.#fuel)
      this.executedInsns++
      const next = operation.run(this.#r, operation)
      if (next === undefined) this.#finish()
      else this.operation = next
    } catch (error) {
      this.#finish()
      throw locateFault(error, operation)
    }
  }

  /** Gives the walk up where it stands. */
  abandon(): void {
    if (!this.finished) this.#finish()
  }

  #finish(): void {
    this.finished = true
    this.#machine.end(this.executedInsns)
  }
}

function outOfFuel(fuel: number): ExecutionFault {
  return new ExecutionFault({
    code: 'FAULT_OUT_OF_FUEL',
    message: 'program used up its instructions',
    got: fuel,
    hint: 'raise the fuel, or look for a loop without end',
  })
}
