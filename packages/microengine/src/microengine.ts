import type { Word } from '@bpfoundry/microcode'
import { CommandIssuer } from './command-issuer.ts'
import { CommandSlots } from './command-slots.ts'
import { Context } from './context.ts'
import { ControlStore } from './control-store.ts'
import type { CoreCounters } from './core-counters.ts'
import { type ContextCount, type CoreState, createCoreState, transferRegistersOf } from './core-state.ts'
import { RandomRegister } from './execution/control-registers.ts'
import { executeWords, type Surroundings } from './execution/word-executor.ts'
import { type FirmwareRoutine, PARKED } from './firmware.ts'
import { GeneratedProgram } from './generation/generated-program.ts'
import { Machine, STOP, type Stop } from './machine.ts'
import type { MemoryCommandSlot, MemoryPort } from './memory/memory-command.ts'
import { MicroengineError } from './microengine-error.ts'
import { CORE_TIMING, type CoreTiming } from './timing.ts'

/** How words are executed: functions made of them, or one table look-up a word. Both give the same figures. */
export type Execution = 'generated' | 'table'

/** What a core is made of. */
export interface MicroengineOptions {
  /** Number of the core, which orders commands of the same cycle. */
  readonly id?: number
  readonly contexts?: ContextCount
  readonly memory: MemoryPort
  readonly timing?: CoreTiming
  /** `generated` needs a page that may make functions of text; without, it falls back to `table`. */
  readonly execution?: Execution
  /** Seed of the pseudo-random number register. */
  readonly seed?: number
  /** Cycles after which a context that never gives up the core is an error. */
  readonly runawayCycles?: number
}

const RUNAWAY_CYCLES = 10_000_000

/**
 * One core. It runs until a cycle (`run`), hands commands to its memory port, and is told when they are complete. Several of
 * them with one port make a card: as long as each is run no further than `LOOKAHEAD_CYCLES` at a time, the result does not
 * depend on the order in which they are run.
 */
export class Microengine {
  readonly id: number
  readonly state: CoreState
  readonly timing: CoreTiming
  readonly store: ControlStore
  readonly counters: CoreCounters = { busyCycles: 0, spacingCycles: 0, commands: 0 }
  /** The cycle that the core has come to. */
  cycle = 0

  readonly #contexts: Context[]
  readonly #issuer: CommandIssuer
  readonly #slots: CommandSlots
  readonly #around: Surroundings
  readonly #generated: GeneratedProgram | undefined
  readonly #runawayCycles: number
  /** The context that had the core last; the next one in turn comes after it. */
  #last = 0
  /** A context that has the core and was only interrupted by the end of `run`. */
  #interrupted: Context | undefined
  #interruptedSince = 0

  constructor(options: MicroengineOptions) {
    this.id = options.id ?? 0
    this.timing = options.timing ?? CORE_TIMING
    const contexts = options.contexts ?? 4
    this.state = createCoreState(contexts)
    this.store = new ControlStore(contexts)
    this.#slots = new CommandSlots(this)
    this.#issuer = new CommandIssuer({
      memory: options.memory,
      slots: this.#slots,
      timing: this.timing,
      counters: this.counters,
      transferRegisters: transferRegistersOf(contexts),
    })
    this.#runawayCycles = options.runawayCycles ?? RUNAWAY_CYCLES
    const random = new RandomRegister(options.seed ?? 1)
    this.#contexts = Array.from(
      { length: contexts },
      (_, index) => new Context(new Machine(this.state, index, this.#issuer, random)),
    )
    this.#around = { store: this.store, timing: this.timing }
    this.#generated =
      (options.execution ?? 'generated') === 'generated' ? GeneratedProgram.make(this.#around) : undefined
  }

  /** Whether words are executed as functions made of them. */
  get execution(): Execution {
    return this.#generated === undefined ? 'table' : 'generated'
  }

  /** Puts words (with or without check bits) into the control store. @throws MicroengineError MICROENGINE_STORE */
  load(address: number, words: readonly Word[]): void {
    this.store.load(address, words)
  }

  /** Registers a routine of the firmware. @throws MicroengineError MICROENGINE_STORE */
  setRoutine(address: number, routine: FirmwareRoutine): void {
    this.store.setRoutine(address, routine)
  }

  /** A context's registers. @throws MicroengineError MICROENGINE_CONTEXT */
  context(index: number): Machine {
    return this.#context(index).machine
  }

  /** The byte address in local memory that an index register names, a write on its way included. */
  localMemoryAddress(context: number, index: number): number {
    const { machine } = this.#context(context)
    machine.settle(index)
    return machine.lmAddr[index] ?? 0
  }

  /** Sets an index register at once, as the firmware has it before a program begins. */
  setLocalMemoryAddress(context: number, index: number, addressBytes: number): void {
    const { machine } = this.#context(context)
    machine.settle(index)
    machine.lmAddr[index] = addressBytes
  }

  /** Lets a parked context go on at an address, no earlier than a cycle. @throws MicroengineError MICROENGINE_CONTEXT */
  start(context: number, address: number, atCycle: number = this.cycle): void {
    const entry = this.#context(context)
    if (!entry.parked) {
      throw new MicroengineError({ code: 'MICROENGINE_CONTEXT', message: 'the context is not parked', got: context })
    }
    entry.parked = false
    entry.machine.pc = address
    entry.wake(atCycle)
  }

  /** Whether a context waits for `start`. @throws MicroengineError MICROENGINE_CONTEXT */
  isParked(context: number): boolean {
    return this.#context(context).parked
  }

  /** The earliest cycle at which a context can have the core; `Infinity`: all wait. */
  nextCycle(): number {
    if (this.#interrupted !== undefined) return this.cycle
    let least = Number.POSITIVE_INFINITY
    for (const { readyAt } of this.#contexts) if (readyAt < least) least = readyAt
    return Math.max(least, this.cycle)
  }

  /** Runs until no context is ready before the cycle. Contexts that have the core keep it until they give it up. */
  run(untilCycle: number): void {
    while (this.cycle < untilCycle) {
      const context = this.#interrupted ?? this.#next(untilCycle)
      if (context === undefined) return
      this.#have(context, untilCycle)
    }
  }

  /** A port has carried a command out; the context goes on at the cycle. */
  complete(command: MemoryCommandSlot, atCycle: number): void {
    const context = this.#contexts[command.context]
    if (context !== undefined) {
      if (command.wakes) context.wake(atCycle)
      else if (command.signal !== 0 && context.signal(command.signal)) context.wake(atCycle)
    }
    this.#slots.give(command)
  }

  #context(index: number): Context {
    const context = this.#contexts[index]
    if (context === undefined) {
      throw new MicroengineError({
        code: 'MICROENGINE_CONTEXT',
        message: 'the core has no such context',
        got: index,
        expected: `0 to ${this.#contexts.length - 1}`,
      })
    }
    return context
  }

  /** The context whose turn it is: the next one that is ready, or the one that is ready first. */
  #next(untilCycle: number): Context | undefined {
    let best: Context | undefined
    let bestAt = untilCycle
    const count = this.#contexts.length
    for (let step = 1; step <= count; step++) {
      const context = this.#contexts[(this.#last + step) % count]
      if (context === undefined) continue
      const at = Math.max(context.readyAt, this.cycle)
      if (at < bestAt) {
        best = context
        bestAt = at
      }
    }
    if (best !== undefined) this.cycle = bestAt
    return best
  }

  /** A context has the core until it gives it up, or until it passes the cycle at a backward branch. */
  #have(context: Context, untilCycle: number): void {
    const { machine } = context
    if (this.#interrupted === undefined) {
      this.#last = machine.context
      this.#interruptedSince = this.cycle
      machine.begin(this.cycle)
    }
    this.#interrupted = undefined
    machine.limit = untilCycle - machine.base
    const from = machine.base + machine.cycle
    this.#goOn(context)
    this.cycle = machine.base + machine.cycle
    this.counters.busyCycles += this.cycle - from
  }

  /** Firmware and words in turn, until the context gives up the core. */
  #goOn(context: Context): void {
    const { machine } = context
    const { routines } = this.store
    for (;;) {
      if (context.routine === undefined && !routines.has(machine.pc)) {
        const stop = this.#execute(machine)
        if (stop !== STOP.outside || !routines.has(machine.pc)) {
          this.#stopped(context, stop)
          return
        }
      }
      if (!this.#goOnInFirmware(context)) return
      if (machine.cycle > machine.limit) {
        this.#interrupt(context)
        return
      }
    }
  }

  #execute(machine: Machine): Stop {
    if (this.#generated !== undefined) return this.#generated.execute(machine)
    return executeWords(machine, this.#around) ?? STOP.fault
  }

  /** What a context does that no longer executes words. */
  #stopped(context: Context, stop: Stop): void {
    const { machine } = context
    if (stop === STOP.command) {
      const { command } = machine
      machine.command = undefined
      context.sleep()
      if (command !== undefined) this.#issuer.send(command)
    } else if (stop === STOP.arbitration) this.#arbitrate(context)
    else if (stop === STOP.limit) this.#interrupt(context)
    else this.#fail(machine, stop)
  }

  #interrupt(context: Context): void {
    const { machine } = context
    this.#interrupted = context
    if (machine.base + machine.cycle - this.#interruptedSince > this.#runawayCycles) {
      throw new MicroengineError({
        code: 'MICROENGINE_RUNAWAY',
        message: 'a context keeps the core',
        where: { pc: machine.pc },
        got: `${machine.base + machine.cycle - this.#interruptedSince} cycles`,
      })
    }
  }

  #fail(machine: Machine, stop: Stop): never {
    const inside = stop === STOP.fault
    throw new MicroengineError({
      code: inside ? 'MICROENGINE_WORD' : 'MICROENGINE_ADDRESS',
      message: inside ? 'the word cannot be executed' : 'execution left the loaded words',
      where: { pc: machine.pc },
      ...(inside ? { got: `0x${(this.store.words[machine.pc] ?? 0).toString(16)}` } : {}),
    })
  }

  /** `ctx_arb`: kill parks, a voluntary swap only lets others go first, signals may be there already. */
  #arbitrate(context: Context): void {
    const { machine } = context
    const now = machine.base + machine.cycle
    if (machine.waitsFor < 0) context.park()
    else if ((machine.waitsFor & ~1) === 0 || context.takeSignals()) context.wake(now)
    else context.sleep()
  }

  /** One stretch in a routine. Whether the context still has the core. */
  #goOnInFirmware(context: Context): boolean {
    const { machine } = context
    if (context.routine === undefined) {
      context.routine = this.store.routines.get(machine.pc)
      context.step = 0
      context.steps = context.routine?.enter(this, machine.context) ?? []
    }
    while (context.step < context.steps.length) {
      const step = context.steps[context.step++]
      if (step?.kind === 'compute') machine.cycle += step.cycles
      else if (step !== undefined) {
        if (step.wait) context.sleep()
        this.#issuer.issueStep(machine, step)
        if (step.wait) return false
      }
    }
    const next = context.routine?.leave(this, machine.context) ?? PARKED
    context.routine = undefined
    if (next === PARKED) {
      context.park()
      return false
    }
    machine.pc = next
    return true
  }
}
