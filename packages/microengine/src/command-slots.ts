import type { MemoryCommandSlot } from './memory/memory-command.ts'
import { MEMORY_OPERATIONS } from './memory/memory-operations.ts'
import type { Microengine } from './microengine.ts'

/** Command objects that are used again, so that commands make no garbage. */
export class CommandSlots {
  readonly #core: Microengine
  readonly #free: MemoryCommandSlot[] = []

  constructor(core: Microengine) {
    this.#core = core
  }

  /** A command object; all fields but `core` are the taker's to set. */
  take(): MemoryCommandSlot {
    return this.#free.pop() ?? this.#make()
  }

  /** The object is no longer looked at. */
  give(slot: MemoryCommandSlot): void {
    slot.perform = undefined
    this.#free.push(slot)
  }

  #make(): MemoryCommandSlot {
    return {
      core: this.#core,
      context: 0,
      operation: MEMORY_OPERATIONS.read32_swap,
      address: 0,
      units: 0,
      xfer: 0,
      data: 0,
      signal: 0,
      issuedAt: 0,
      wakes: false,
      memory: undefined,
      perform: undefined,
    }
  }
}
