import type { MemoryCommandSlot, MemoryPort } from './memory-command.ts'
import { type CardMemory, performCommand } from './perform-command.ts'

/**
 * A memory that carries every command out at once and answers after a fixed time: for what a program does, not for how long it
 * takes. One packet after another needs no more.
 */
export class ImmediateMemory implements MemoryPort {
  readonly #memory: CardMemory
  readonly #latencyCycles: number

  constructor(memory: CardMemory, latencyCycles: number) {
    this.#memory = memory
    this.#latencyCycles = latencyCycles
  }

  issue(command: MemoryCommandSlot): void {
    performCommand(this.#memory, command)
    command.core.complete(command, command.issuedAt + this.#latencyCycles)
  }
}
