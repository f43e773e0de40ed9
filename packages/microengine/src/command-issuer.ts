import type { CommandSlots } from './command-slots.ts'
import type { CoreCounters } from './core-counters.ts'
import { ADDRESSES, type CommandForm, type CommandSink, countOf, immediateData, unitsOf } from './execution/commands.ts'
import type { MemoryStep } from './firmware.ts'
import type { Machine } from './machine.ts'
import type { MemoryCommandSlot, MemoryPort } from './memory/memory-command.ts'
import type { CoreTiming } from './timing.ts'

/** What commands of a core need. */
export interface CommandIssuerOptions {
  readonly memory: MemoryPort
  readonly slots: CommandSlots
  readonly timing: CoreTiming
  readonly counters: CoreCounters
  /** Transfer registers of a context, in one direction. */
  readonly transferRegisters: number
}

/** Commands on their way out of a core: of words and of the firmware's routines. */
export class CommandIssuer implements CommandSink {
  readonly #options: CommandIssuerOptions
  /** End of the last command that the core issued. */
  #end = Number.NEGATIVE_INFINITY

  constructor(options: CommandIssuerOptions) {
    this.#options = options
  }

  /** A word's command. One that swaps waits in the machine for the end of its shadow; `send` lets it go. */
  issueCommand(machine: Machine, form: CommandForm, a: number, b: number): void {
    const { slots, transferRegisters } = this.#options
    const slot = slots.take()
    const count = countOf(form, machine.previousResult)
    slot.context = machine.context
    slot.operation = form.operation
    slot.address = ADDRESSES[form.mode](a, b)
    slot.units = unitsOf(form.operation, count)
    slot.xfer = machine.context * transferRegisters + form.xfer
    slot.data = immediateData(form, machine.previousResult)
    slot.memory = undefined
    slot.wakes = form.swaps
    slot.signal = form.swaps ? 0 : form.signal
    const end = this.#endOf(machine, form.swaps, form.mode === '32' ? 32 : 40)
    slot.issuedAt = end
    machine.cycle = end - machine.base - form.defer
    if (form.swaps) machine.command = slot
    else this.send(slot)
  }

  /** A routine's command; it goes at once. */
  issueStep(machine: Machine, step: MemoryStep): void {
    const slot = this.#options.slots.take()
    slot.context = machine.context
    slot.operation = step.operation
    slot.address = 0
    slot.units = step.units
    slot.xfer = 0
    slot.data = 0
    slot.memory = step.memory
    slot.perform = step.perform
    slot.wakes = step.wait
    slot.signal = 0
    const end = this.#endOf(machine, step.wait, step.addressBits)
    slot.issuedAt = end
    machine.cycle = end - machine.base
    this.send(slot)
  }

  /** Hands a command to memory. */
  send(slot: MemoryCommandSlot): void {
    this.#options.counters.commands++
    this.#options.memory.issue(slot)
  }

  /** The cycle at which a command that is begun now ends. A swapping one keeps its distance from the command before. */
  #endOf(machine: Machine, swaps: boolean, addressBits: 32 | 40): number {
    const { timing, counters } = this.#options
    let end = machine.base + machine.cycle + (swaps ? timing.commandSwapCycles : 1)
    if (swaps) {
      const spacing = addressBits === 32 ? timing.commandSpacing32Cycles : timing.commandSpacing40Cycles
      const earliest = this.#end + spacing
      if (earliest > end) {
        counters.spacingCycles += earliest - end
        end = earliest
      }
    }
    this.#end = end
    return end
  }
}
