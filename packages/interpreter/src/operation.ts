import type { Insn, InstructionName, InstructionRow } from '@bpfoundry/isa'
import type { Machine } from './machine.ts'
import type { Registers, Slot } from './registers.ts'

/**
 * One instruction, ready to run: a closure over its decoded fields. It works on the register file (and, where it must,
 * on the machine it was made for) and answers the slot to go on with, or {@link EXIT} or {@link SWITCH}.
 */
export type Operation = (r: Registers) => number

/** Answer of an operation: the program ended, its result is in r0. */
export const EXIT = -1
/** Answer of an operation: go on at `machine.resume` in `machine.program`, which is another one now. */
export const SWITCH = -2

/**
 * What an operation is made from: an instruction with its fields decoded, in a program, on a machine. The names are
 * short because a table row is one line: d and s are the registers' low words, dh and sh their high words, k and kh
 * those of the immediate.
 */
export interface Site {
  readonly m: Machine
  readonly insn: Insn
  readonly row: InstructionRow
  readonly pc: number
  /** Where the flow goes on when it does not jump: a slot, or that of a trap. */
  readonly next: number
  /** Where a jump or call leads: a slot, or that of a trap. The same as `next` for other instructions. */
  readonly target: number
  readonly d: Slot
  readonly dh: Slot
  readonly s: Slot
  readonly sh: Slot
  readonly off: number
  readonly k: number
  /** The immediate's sign, or the second slot's imm. */
  readonly kh: number
}

/** Makes the operation of one instruction. */
export type Handler = (site: Site) => Operation

/** Handlers by name of the instruction, for one family of rows. */
export type HandlersOf<Name extends InstructionName> = Readonly<Record<Name, Handler>>
