/**
 * Firmware, as far as a program meets it: routines at addresses of the control store that hold no words of ours. When a
 * context comes to such an address, the routine's steps take their time on the core and in the memories, then it says where
 * the context goes on.
 */

import type { MemoryOperation } from './memory/memory-operations.ts'
import type { Microengine } from './microengine.ts'

/** The core computes. */
export interface ComputeStep {
  readonly kind: 'compute'
  readonly cycles: number
}

/** A command to a memory. */
export interface MemoryStep {
  readonly kind: 'memory'
  /** Name of the memory, as the port knows it. */
  readonly memory: string
  readonly operation: MemoryOperation
  readonly units: number
  /** 40-bit addresses keep the core's next command away longer. */
  readonly addressBits: 32 | 40
  /** Whether the context sleeps until the command completes. */
  readonly wait: boolean
  /**
   * What the command does. Called by the port in the order of all cores' commands: here, and not in `enter`, belongs what other
   * cores can see (map lookup, update).
   */
  readonly perform?: (core: Microengine, context: number) => void
}

/** A step of a routine. */
export type FirmwareStep = ComputeStep | MemoryStep

/** Answer of `leave`: the context sleeps until `Microengine.start`. */
export const PARKED = -1

/** A routine. */
export interface FirmwareRoutine {
  readonly name: string
  /** A context has come to the routine's address: what the routine does. The list is not kept and may be the same each time. */
  enter(core: Microengine, context: number): readonly FirmwareStep[]
  /** All steps are done: the address at which the context goes on, or `PARKED`. */
  leave(core: Microengine, context: number): number
}
