import { type CompiledProgram, type Cpu, ExecutionFault, type ProgramImage } from '@bpfoundry/engine'
import { locateFault } from './fault-place.ts'
import type { Machine } from './machine.ts'
import { EXIT, type Operation } from './operation.ts'
import { type Registers, registersOf } from './registers.ts'
import { translate } from './translate.ts'

/** Instructions run between looks at the fuel; what is left of it is counted in an int32 meanwhile. */
const STRIDE = 2 ** 30

/** Called before each instruction: the program it belongs to (a tail call changes it), its slot, and the CPU. */
export type InsnHook = (image: ProgramImage, pc: number, cpu: Cpu) => void

/** A program translated for one machine. */
export class Program implements CompiledProgram {
  readonly image: ProgramImage
  readonly operations: readonly Operation[]
  readonly #machine: Machine
  readonly #fuel: number

  constructor(image: ProgramImage, machine: Machine, fuel: number) {
    this.image = image
    this.#machine = machine
    this.#fuel = fuel
    this.operations = translate(image, machine)
  }

  run(cpu: Cpu, ctx: number): number {
    const m = this.#machine
    const r = registersOf(cpu.regs)
    m.begin(this, cpu, ctx, r)
    let operations = this.operations
    let pc = 0
    let fuel = this.#fuel
    let left = 0
    try {
      while (fuel > 0) {
        const stride = Math.min(fuel, STRIDE)
        fuel -= stride
        left = stride | 0
        do {
          const operation = operations[pc] as Operation
          left--
          const to = operation(r)
          if (to < 0) {
            if (to === EXIT) return cpu.regs[0]! >>> 0
            operations = m.program.operations
            pc = m.resume
          } else pc = to
        } while (left > 0)
      }
      throw outOfFuel(this.#fuel)
    } catch (error) {
      throw locateFault(error, m.program.image, pc)
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
        this.#onInsn(walk.program.image, walk.pc, cpu)
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
  pc = 0
  executedInsns = 0
  finished = false

  constructor(program: Program, machine: Machine, cpu: Cpu, ctx: number, fuel: number) {
    this.#machine = machine
    this.#r = registersOf(cpu.regs)
    this.#fuel = fuel
    machine.begin(program, cpu, ctx, this.#r)
  }

  get program(): Program {
    return this.#machine.program
  }

  /** Runs one instruction. @throws ExecutionFault, which ends the walk */
  step(): void {
    try {
      if (this.executedInsns >= this.#fuel) throw outOfFuel(this.#fuel)
      const operation = this.program.operations[this.pc] as Operation
      this.executedInsns++
      const to = operation(this.#r)
      if (to === EXIT) this.#finish()
      else this.pc = to < 0 ? this.#machine.resume : to
    } catch (error) {
      const located = locateFault(error, this.program.image, this.pc)
      this.#finish()
      throw located
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
