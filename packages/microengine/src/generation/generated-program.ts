/**
 * The control store as functions: words are turned into the text of JavaScript functions of some hundred words each, made when
 * execution first comes to them. Where it comes to an address that begins no block (a computed branch), words are executed by
 * the table until one begins.
 *
 * @see docs/decisions/0011-microcode-as-functions.md
 */
import { executeWords, type Surroundings } from '../execution/word-executor.ts'
import { type Machine, STOP, type Stop } from '../machine.ts'
import { type ProgramPlan, planOf } from './program-plan.ts'

/** A core's words as functions, made anew when they change. */
export class GeneratedProgram {
  readonly #around: Surroundings
  #version = -1
  #plan: ProgramPlan | undefined

  private constructor(around: Surroundings) {
    this.#around = around
  }

  /** `undefined` where the page forbids functions of text. */
  static make(around: Surroundings): GeneratedProgram | undefined {
    try {
      return Function('return 0')() === 0 ? new GeneratedProgram(around) : undefined
    } catch {
      return undefined
    }
  }

  /** Executes words until the context stops. */
  execute(machine: Machine): Stop {
    const plan = this.#current()
    for (;;) {
      const chunk = plan.chunkAt[machine.pc]
      let stop: Stop | undefined
      if (chunk === undefined) stop = executeWords(machine, this.#around, (pc) => plan.chunkAt[pc] !== undefined)
      else stop = (chunk.run ?? plan.compile(chunk))(machine, plan.blockAt[machine.pc] ?? 0)
      if (stop !== STOP.chunk && stop !== undefined) return stop
    }
  }

  #current(): ProgramPlan {
    const { store, timing } = this.#around
    if (this.#plan === undefined || this.#version !== store.version) {
      this.#version = store.version
      this.#plan = planOf(store, timing)
    }
    return this.#plan
  }
}
