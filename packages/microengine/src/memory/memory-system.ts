import { MicroengineError } from '../microengine-error.ts'
import { CommandQueue } from './command-queue.ts'
import { LOOKAHEAD_CYCLES, type MemoryCommandSlot, type MemoryPort } from './memory-command.ts'
import type { MemoryRegion, MemoryTiming } from './memory-timing.ts'
import { type CardMemory, performCommand } from './perform-command.ts'

/** A memory's engines: when each is free again. */
interface Unit {
  readonly timing: MemoryTiming
  readonly freeAt: Float64Array
  commands: number
  busyCycles: number
}

/** What a memory has done. */
export interface MemoryCounters {
  readonly commands: number
  /** Cycles that its engines were occupied, over all of them. */
  readonly busyCycles: number
}

/** What a system of memories is made of. */
export interface MemorySystemOptions {
  readonly memory: CardMemory
  readonly timings: Readonly<Record<string, MemoryTiming>>
  readonly regions: readonly MemoryRegion[]
}

const LINE_BYTES = 64

/**
 * The memories of a card. Commands wait until `service` has come to their cycle, then they are carried out in the order of
 * their cycles; of the same cycle, by number of core, then as the core issued them. So results do not depend on the order in
 * which cores are run, as long as each step is no longer than `LOOKAHEAD_CYCLES`.
 */
export class MemorySystem implements MemoryPort {
  readonly #memory: CardMemory
  readonly #units: ReadonlyMap<string, Unit>
  readonly #regions: readonly MemoryRegion[]
  readonly #queue = new CommandQueue()

  /** @throws MicroengineError MICROENGINE_ADDRESS: a region names a memory that there is not, or a latency is below the lookahead */
  constructor(options: MemorySystemOptions) {
    this.#memory = options.memory
    this.#regions = options.regions
    this.#units = new Map(Object.entries(options.timings).map(([name, timing]) => [name, makeUnit(name, timing)]))
    for (const { memory } of options.regions) this.#unit(memory)
  }

  issue(command: MemoryCommandSlot): void {
    this.#queue.add(command)
  }

  /** Carries out all commands that were issued before a cycle. */
  service(untilCycle: number): void {
    for (;;) {
      const command = this.#queue.takeBefore(untilCycle)
      if (command === undefined) return
      this.#serve(command)
    }
  }

  /** The cycle of the first command that waits; `Infinity`: none does. */
  nextCycle(): number {
    return this.#queue.firstCycle()
  }

  /** What a memory has done. @throws MicroengineError MICROENGINE_ADDRESS */
  counters(memory: string): MemoryCounters {
    const { commands, busyCycles } = this.#unit(memory)
    return { commands, busyCycles }
  }

  /** The memory that an address lies in; `undefined`: none. */
  memoryAt(address: number): string | undefined {
    for (const { memory, begin, end } of this.#regions) if (address >= begin && address < end) return memory
    return undefined
  }

  #serve(command: MemoryCommandSlot): void {
    const name = command.memory ?? this.memoryAt(command.address)
    if (name === undefined) {
      throw new MicroengineError({
        code: 'MICROENGINE_ADDRESS',
        message: `${command.operation.name} to no memory`,
        got: `0x${command.address.toString(16)}`,
      })
    }
    const unit = this.#unit(name)
    const { timing, freeAt } = unit
    const engine = Math.floor(command.address / LINE_BYTES) % timing.engines
    const begin = Math.max(command.issuedAt, freeAt[engine] ?? 0)
    const occupied = timing.occupancyCycles[command.operation.direction]
    freeAt[engine] = begin + occupied
    unit.commands++
    unit.busyCycles += occupied
    performCommand(this.#memory, command)
    command.core.complete(command, begin + timing.latencyCycles)
  }

  #unit(name: string): Unit {
    const unit = this.#units.get(name)
    if (unit !== undefined) return unit
    throw new MicroengineError({
      code: 'MICROENGINE_ADDRESS',
      message: 'there is no such memory',
      got: name,
      expected: [...this.#units.keys()].join(', '),
    })
  }
}

function makeUnit(name: string, timing: MemoryTiming): Unit {
  if (timing.latencyCycles < LOOKAHEAD_CYCLES) {
    throw new MicroengineError({
      code: 'MICROENGINE_ADDRESS',
      message: `${name} answers too soon for cores to be run on their own`,
      got: timing.latencyCycles,
      expected: `at least ${LOOKAHEAD_CYCLES} cycles`,
    })
  }
  return { timing, freeAt: new Float64Array(timing.engines), commands: 0, busyCycles: 0 }
}
