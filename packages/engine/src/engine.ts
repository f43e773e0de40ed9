import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { Cpu } from './cpu.ts'
import type { HelperTable } from './helper-call.ts'
import type { ProgramImage } from './program-image.ts'

/** What compiled code calls out to. */
export interface EngineEnvironment {
  readonly memory: GuestMemory
  readonly helpers: HelperTable
  /** The program in slot `index` of the program array at guest address `map`; undefined when the slot is empty or out of range. */
  tailCallTarget(map: number, index: number): CompiledProgram | undefined
}

/** A program bound to one thread's environment. */
export interface CompiledProgram {
  readonly image: ProgramImage
  /**
   * Runs it on `cpu` with r1 = `ctx`.
   *
   * @returns the low 32 bits of r0, unsigned; all 64 are in `cpu.regs`
   * @throws ExecutionFault when the engine checks and a check fails
   */
  run(cpu: Cpu, ctx: number): number
}

/** A back end. Results (r0, memory, map contents, helper trace) are bit-identical across engines. */
export interface Engine {
  readonly name: string
  compile(image: ProgramImage, environment: EngineEnvironment): CompiledProgram
}
