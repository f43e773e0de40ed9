import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { Cpu } from './cpu.ts'
import type { HelperTable } from './helper-call.ts'
import type { ProgramImage } from './program-image.ts'

/**
 * Where a program array in guest memory keeps what a tail call needs: offsets in bytes from the map's address. Compiled
 * code reads it directly; a slot is the u32 id of a program, 0 when empty.
 */
export interface ProgArrayLayout {
  readonly maxEntriesOffsetBytes: number
  readonly slotsOffsetBytes: number
}

/** What translated code needs to know beforehand, the same for every program and thread. */
export interface EngineOptions {
  readonly progArray: ProgArrayLayout
  /**
   * Whether runs add to `executedInsns` and `helperCalls` of the CPU block, exactly as the interpreter counts. Reports
   * and cost models need it, benchmarks don't. On by default.
   */
  readonly count?: boolean
}

/** What compiled code calls out to; belongs to one thread. */
export interface EngineEnvironment {
  readonly memory: GuestMemory
  readonly helpers: HelperTable
  /**
   * The program in slot `index` of the program array at guest address `map`; undefined when the slot is empty or out of
   * range. For engines that resolve tail calls by call; the others find the id by {@link ProgArrayLayout}.
   */
  tailCallTarget(map: number, index: number): CompiledProgram | undefined
}

/**
 * A program in the form that one engine runs. Made once a program; every thread that runs it is handed the same one, so
 * it consists of what can be posted to a worker: plain data, a WebAssembly.Module, an address of machine code.
 */
export interface Translation {
  readonly image: ProgramImage
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

/** An engine in one thread. */
export interface EngineThread {
  /** Makes a program run in this thread; tail calls find it by its image's id from now on. */
  install(translation: Translation): CompiledProgram
  /** Forgets the program with this id: tail calls to it fall through. It must not be running. */
  remove(id: number): void
  /** Gives back what this thread holds outside of the JavaScript heap. */
  close?(): void
}

/** A back end. Results (r0, memory, map contents, helper trace) are bit-identical across engines. */
export interface Engine {
  readonly name: string
  /** False for an engine that interprets; drivers have their loops compiled with the programs where it is absent or true. */
  readonly compiles?: boolean
  /** Whether it makes prefetches of loads whose result nobody reads, in hidden subprograms. */
  readonly prefetches?: boolean
  /** Translates a program, once, in any thread. */
  translate(image: ProgramImage): Translation
  /** Gives back what a translation holds outside of the JavaScript heap (machine code). No thread may run it any more. */
  release?(translation: Translation): void
  /** The engine's part in the calling thread. */
  open(environment: EngineEnvironment): EngineThread
}

/** A single program on an engine in this thread: for tests, and for who needs no worker. */
export function compileProgram(engine: Engine, image: ProgramImage, environment: EngineEnvironment): CompiledProgram {
  return engine.open(environment).install(engine.translate(image))
}
