import { type MemoryCommandSlot, type MemoryPort, performCommand } from '@bpfoundry/microengine'
import { CardCore, type CardProgram, placedWords } from './card-core.ts'
import {
  type CardCores,
  CONTEXT_SLOTS,
  type CommandTable,
  type CoreGroupShape,
  type PacketOutcome,
} from './card-cores.ts'
import { MESSAGE, type MessageCalendar } from './core-messages.ts'
import { type FirmwareCycles, sharedOperation } from './step-table.ts'

/** Times of commands that are done; older ones are forgotten. */
const MOST_KEPT = 1024

/** What cores execute. */
export interface ExecutedProgram extends CardProgram {
  /** Packets, each in its turn. */
  readonly frames: readonly Uint8Array[]
}

/** A packet for a context that has not got it yet. */
interface WaitingPacket {
  readonly thread: number
  readonly cycle: number
  readonly packet: number
}

/** What executing cores are made of. */
export interface ExecutingCoresOptions {
  readonly shape: CoreGroupShape
  readonly program: ExecutedProgram
  readonly cycles: FirmwareCycles
  readonly ctmLatency: number
  readonly calendar: MessageCalendar
}

/**
 * Cores that execute the program's words for every packet. A packet's own memory answers within the core; what all share is
 * carried out in the order in which the card serves it, so that what packets read and add does not depend on groups either.
 * A core that has posted more commands than it may have under way gets no packet until enough of them are done.
 */
export class ExecutingCores implements CardCores {
  readonly shape: CoreGroupShape
  readonly #options: ExecutingCoresOptions
  readonly #cores: readonly CardCore[]
  readonly #outcomes: PacketOutcome[] = []
  /** Commands under way, by the number in their message. */
  readonly #pending: (MemoryCommandSlot | undefined)[] = []
  readonly #free: number[] = []
  readonly #table: { arguments: number[]; addresses: number[]; bytes: number[] } = {
    arguments: [],
    addresses: [],
    bytes: [],
  }
  /** By core: commands posted, and when each of them that is known to be done will be. */
  readonly #posted: Int32Array
  readonly #postedUntil: number[][]
  readonly #waiting: WaitingPacket[] = []
  #advancedTo = 0

  constructor(options: ExecutingCoresOptions) {
    const { shape, program, cycles } = options
    this.#options = options
    this.shape = shape
    this.#posted = new Int32Array(shape.cores)
    this.#postedUntil = Array.from({ length: shape.cores }, () => [])
    const words = placedWords(program)
    this.#cores = Array.from({ length: shape.cores }, (_, index) => {
      const thread = (shape.firstCore + index) * CONTEXT_SLOTS
      return new CardCore({
        id: shape.firstCore + index,
        contexts: shape.contexts === 8 ? 8 : 4,
        port: this.#port(index),
        program,
        words,
        cycles,
        onDone: (context, cycle) => {
          this.#outcomes[thread + context] = (this.#cores[index] as CardCore).outcome(context)
          options.calendar.put(cycle, thread + context, MESSAGE.done, 0)
        },
      })
    })
  }

  get commands(): CommandTable {
    return this.#table
  }

  get busyCycles(): number {
    return this.#cores.reduce((sum, { engine }) => sum + engine.counters.busyCycles, 0)
  }

  start(thread: number, cycle: number, packet: number): void {
    this.#waiting.push({ thread, cycle, packet })
  }

  outcome(thread: number): PacketOutcome {
    return this.#outcomes[thread] as PacketOutcome
  }

  answer(thread: number, cycle: number, command: number): void {
    this.#carryOut(thread, cycle, command)
  }

  acknowledge(thread: number, cycle: number, command: number): void {
    const core = (thread >> 3) - this.shape.firstCore
    this.#postedUntil[core]?.push(cycle)
    this.#carryOut(thread, cycle, command)
  }

  advance(until: number): void {
    this.#giveWaiting(until)
    for (const { engine } of this.#cores) engine.run(until)
    this.#advancedTo = until
  }

  close(): void {
    for (const core of this.#cores) core.close()
  }

  /** Packets of cores that had to wait for a place, as soon as there is one. */
  #giveWaiting(until: number): void {
    const waiting = this.#waiting.splice(0)
    for (const packet of waiting) {
      const place = this.#placeAt((packet.thread >> 3) - this.shape.firstCore)
      if (place < until) this.#give(packet, Math.max(packet.cycle, place, this.#advancedTo))
      else this.#waiting.push(packet)
    }
  }

  #give({ thread, packet }: WaitingPacket, cycle: number): void {
    this.#core(thread).give(thread & (CONTEXT_SLOTS - 1), this.#options.program.frames[packet] as Uint8Array, cycle)
  }

  /** When a core has no more commands under way than it may; `Infinity` while that is not known. */
  #placeAt(index: number): number {
    const done = this.#postedUntil[index] as number[]
    const needed = (this.#posted[index] as number) - this.shape.postedCommands
    if (needed < 0) return 0
    const cycle = done[needed] ?? Number.POSITIVE_INFINITY
    // Those before have served their purpose.
    if (needed > MOST_KEPT && needed < done.length) {
      done.splice(0, needed)
      this.#posted[index] = this.shape.postedCommands
    }
    return cycle
  }

  #port(index: number): MemoryPort {
    return { issue: (command) => this.#issue(index, command) }
  }

  #issue(index: number, command: MemoryCommandSlot): void {
    const core = this.#cores[index] as CardCore
    const { memory, operation, address, bytes, waits } = core.commandOf(command)
    const { program, calendar, ctmLatency } = this.#options
    if (memory === 'ctm') {
      performCommand({ bytes: program.memory.u8 }, command)
      core.engine.complete(command, command.issuedAt + ctmLatency)
      return
    }
    const number = this.#free.pop() ?? this.#pending.length
    this.#pending[number] = command
    this.#table.arguments[number] = sharedOperation(memory, operation)
    this.#table.addresses[number] = address
    this.#table.bytes[number] = bytes
    if (!waits) this.#posted[index] = (this.#posted[index] as number) + 1
    const thread = (this.shape.firstCore + index) * CONTEXT_SLOTS + command.context
    calendar.put(command.issuedAt, thread, waits ? MESSAGE.sharedWait : MESSAGE.sharedPost, number)
  }

  #carryOut(thread: number, cycle: number, number: number): void {
    const command = this.#pending[number] as MemoryCommandSlot
    this.#pending[number] = undefined
    this.#free.push(number)
    performCommand({ bytes: this.#options.program.memory.u8 }, command)
    this.#core(thread).engine.complete(command, cycle)
  }

  #core(thread: number): CardCore {
    return this.#cores[(thread >> 3) - this.shape.firstCore] as CardCore
  }
}
