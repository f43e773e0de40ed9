/**
 * Commands on their way from a core to a memory and back. A core never waits for a port to answer: it takes up another
 * context, and the port calls `complete` when the command has been carried out. No memory answers within `LOOKAHEAD_CYCLES`,
 * so cores may run that far on their own.
 */

import type { Microengine } from '../microengine.ts'
import type { MemoryOperation } from './memory-operations.ts'

/** Fewest cycles from the issue of a command to its completion: cores can run in steps of this length, in any order. */
export const LOOKAHEAD_CYCLES = 50

/** A command. The objects are the core's and used again: a port keeps one only until it completes it. */
export interface MemoryCommandSlot {
  core: Microengine
  /** Number of the context on the core. */
  context: number
  /** What is done. */
  operation: MemoryOperation
  /** Guest address, or 0 where a firmware routine only names a memory. */
  address: number
  /** Units that are moved: words or bytes, as the operation has it. */
  units: number
  /** First transfer register, an index into the core's `xferIn` or `xferOut`. */
  xfer: number
  /** Immediate data of `add_imm`. */
  data: number
  /** Number of the signal that the context gets at completion; 0: none. */
  signal: number
  /** Cycle at which the command left the core. */
  issuedAt: number
  /** Whether the context sleeps until the command completes. */
  wakes: boolean
  /** The memory, where a firmware routine names it; else it follows from the address. */
  memory: string | undefined
  /** What a firmware routine does when the memory carries the command out, instead of moving bytes. */
  perform: ((core: Microengine, context: number) => void) | undefined
}

/** Where a core's commands go. */
export interface MemoryPort {
  /**
   * Takes a command. The cycles of one core never go back. Data of a write are in `xferOut` from now until completion: a program
   * does not touch them before it has the signal.
   */
  issue(command: MemoryCommandSlot): void
}
