import type { CompiledProgram, Engine, EngineEnvironment, ProgramImage } from '@bpfoundry/engine'
import { type AccessRules, regionRules } from './access-rules.ts'
import { Machine } from './machine.ts'
import { type InsnHook, Program, TracedProgram } from './program.ts'

/**
 * What memory a program may touch.
 *
 * - `bounds`: everything but the null page and what lies past the end. What the sandbox needs; fast.
 * - `regions`: only what its kind of region allows: this CPU's stack frames in use, contexts, the packet from data_meta
 *   to data_end, map storage, read-only data without stores. What a verified program keeps to; for checking that it
 *   does. Works in the thread that owns guest memory only, for others don't know its regions.
 */
export type AccessPolicy = 'bounds' | 'regions'

/** Options of {@link createInterpreter}. */
export interface InterpreterOptions {
  /** Instructions that one run may execute, tail calls included; unlimited by default, which suits verified programs. */
  readonly fuel?: number
  /** `bounds` by default. */
  readonly access?: AccessPolicy
  /** Called before each instruction. Runs go through the stepping path then, several times slower. */
  readonly onInsn?: InsnHook
}

/** Years of running; finite so that what was used can be counted back from it. */
const UNLIMITED = Number.MAX_SAFE_INTEGER

const RULES: Readonly<Record<AccessPolicy, AccessRules | undefined>> = { bounds: undefined, regions: regionRules }

/** Makes programs for one environment and keeps them, so that a tail call finds its target translated. */
export class Workshop {
  readonly machine: Machine
  readonly fuel: number
  readonly #onInsn: InsnHook | undefined
  /** By what the environment hands out: a program of this workshop, or of another engine. */
  readonly #programs = new WeakMap<CompiledProgram, Program>()

  constructor(environment: EngineEnvironment, options: InterpreterOptions) {
    this.fuel = Math.min(options.fuel ?? UNLIMITED, UNLIMITED)
    this.#onInsn = options.onInsn
    const rules = RULES[options.access ?? 'bounds']
    this.machine = new Machine(environment, { rules, entryOf: (target) => this.programFor(target).entry })
  }

  make(image: ProgramImage): Program {
    const program =
      this.#onInsn === undefined
        ? new Program(image, this.machine, this.fuel)
        : new TracedProgram(image, this.machine, this.fuel, this.#onInsn)
    this.#programs.set(program, program)
    return program
  }

  /** The program for this machine that does what `target` does. */
  programFor(target: CompiledProgram): Program {
    const known = this.#programs.get(target)
    if (known !== undefined) return known
    const program = this.make(target.image)
    this.#programs.set(target, program)
    return program
  }
}

/**
 * The interpreter: the executable specification of the instruction set. It takes nothing of an image on trust, so that
 * it also runs programs that no verifier saw: those end by a result or an ExecutionFault, given fuel.
 *
 * @see RFC 9669
 */
export function createInterpreter(options: InterpreterOptions = {}): Engine {
  const workshops = new WeakMap<EngineEnvironment, Workshop>()
  return {
    name: 'interpreter',
    compiles: false,
    // Operations are bound to a thread's environment: there is nothing to do beforehand.
    translate: (image) => ({ image }),
    open(environment) {
      const workshop = workshops.get(environment) ?? new Workshop(environment, options)
      workshops.set(environment, workshop)
      // The environment says what a tail call finds, so nothing needs to be forgotten here.
      return { install: ({ image }) => workshop.make(image), remove() {} }
    },
  }
}
