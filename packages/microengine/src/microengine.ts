import type { Word } from '@bpfoundry/microcode'
import { type ContextCount, type CoreState, createCoreState } from './core-state.ts'
import type { FirmwareRoutine } from './firmware.ts'
import type { MemoryCommandSlot, MemoryPort } from './memory-command.ts'
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
  readonly execution?: Execution
  /** Seed of the pseudo-random number register. */
  readonly seed?: number
}

/** What a core has done. */
export interface CoreCounters {
  /** Cycles in which a context had the core. */
  busyCycles: number
  /** Of these, cycles that a command waited for its turn. */
  spacingCycles: number
  /** Words that were executed. */
  words: number
  /** Commands that went to memories. */
  commands: number
}

/**
 * One core. It runs until a cycle (`run`), hands commands to its memory port, and is told when they are complete. Several of
 * them with one port make a card: as long as each is run no further than `LOOKAHEAD_CYCLES` at a time, the result does not
 * depend on the order in which they are run.
 */
export class Microengine {
  readonly id: number
  readonly state: CoreState
  readonly timing: CoreTiming
  readonly counters: CoreCounters = { busyCycles: 0, spacingCycles: 0, words: 0, commands: 0 }
  /** The cycle that the core has come to. */
  cycle = 0

  constructor(options: MicroengineOptions) {
    this.id = options.id ?? 0
    this.state = createCoreState(options.contexts ?? 4)
    this.timing = options.timing ?? CORE_TIMING
  }

  /** Puts words (with or without check bits) into the control store. @throws MicroengineError MICROENGINE_STORE */
  declare load: (address: number, words: readonly Word[]) => void
  /** Registers a routine of the firmware. @throws MicroengineError MICROENGINE_STORE */
  declare setRoutine: (address: number, routine: FirmwareRoutine) => void
  /** Lets a parked context go on at an address, no earlier than a cycle. @throws MicroengineError MICROENGINE_CONTEXT */
  declare start: (context: number, address: number, atCycle?: number) => void
  /** Runs until no context is ready before the cycle. Contexts that have the core keep it until they give it up. */
  declare run: (untilCycle: number) => void
  /** A port has carried a command out; the context goes on at the cycle. */
  declare complete: (command: MemoryCommandSlot, atCycle: number) => void
}
