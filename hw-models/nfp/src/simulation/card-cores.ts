import type { PacketPath } from './packet-path.ts'

/** Contexts of a core lie this far apart in thread numbers. */
export const CONTEXT_SLOTS = 8

/** Which cores of the card a group holds. */
export interface CoreGroupShape {
  readonly firstCore: number
  readonly cores: number
  /** Contexts of each core, at most {@link CONTEXT_SLOTS}. */
  readonly contexts: number
  /** Commands without an answer that a core may have under way. */
  readonly postedCommands: number
}

/** What commands ask of shared memory, by the number in their message. */
export interface CommandTable {
  /** Codes of SHARED_OPERATION. */
  readonly arguments: ArrayLike<number>
  readonly addresses: ArrayLike<number>
  readonly bytes: ArrayLike<number>
}

/** What became of a packet. */
export type PacketOutcome = Pick<PacketPath, 'disposition' | 'egressBytes'>

/**
 * Some cores of a card. A thread is core x {@link CONTEXT_SLOTS} + context, core counted in the card. What cores share
 * answers later than the span that they are advanced by, so groups may be advanced in any order.
 */
export interface CardCores {
  readonly shape: CoreGroupShape
  readonly commands: CommandTable
  /** Cycles that its cores spent on instructions. */
  readonly busyCycles: number
  /** A packet for a free context: which of the run's. */
  start(thread: number, cycle: number, packet: number): void
  /** What became of the packet that a thread is done with. */
  outcome(thread: number): PacketOutcome
  /** A memory answers a waiting context; answers come in the order in which the memory served them. */
  answer(thread: number, cycle: number, command: number): void
  /** A command without an answer will be done at a cycle; called in the order in which the core posted them. */
  acknowledge(thread: number, cycle: number, command: number): void
  /** Advances every core up to a cycle; a step that begins before it is finished. */
  advance(until: number): void
  /** Gives memory back, where it has taken any. */
  close?(): void
}
