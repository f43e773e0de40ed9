import type { ProgramImage } from '@bpfoundry/engine'
import type { Insn, InstructionName } from '@bpfoundry/isa'
import type { Machine } from './machine.ts'
import type { Registers, Slot } from './registers.ts'

/**
 * Carries out an operation on the register file (and, where it must, on the operation's machine).
 *
 * @returns the operation to go on with; undefined when the program has ended, its result in r0
 */
export type Handler = (r: Registers, o: Operation) => Operation | undefined

/** Handlers by name of the instruction, for one family of rows. */
export type HandlersOf<Name extends InstructionName> = Readonly<Record<Name, Handler>>

/**
 * An instruction, decoded: its handler, its fields as the handler wants them, and links to where the flow goes on. The
 * names are short because a row of handlers is one line: d and s are the registers' low words, dh and sh their high
 * words, k and kh those of the immediate.
 */
export class Operation {
  readonly run: Handler
  readonly m: Machine
  readonly d: Slot
  readonly dh: Slot
  readonly s: Slot
  readonly sh: Slot
  readonly off: number
  readonly k: number
  /** The immediate's sign, or the second slot's imm. */
  readonly kh: number
  /** Where the flow goes on when it does not jump. Set when a program is linked, as `target` is. */
  next: Operation
  /** Where a jump or call leads; for other instructions the same as `next`. */
  target: Operation
  readonly pc: number
  readonly insn: Insn
  readonly image: ProgramImage

  constructor(fields: Omit<Operation, 'next' | 'target'>) {
    this.run = fields.run
    this.m = fields.m
    this.d = fields.d
    this.dh = fields.dh
    this.s = fields.s
    this.sh = fields.sh
    this.off = fields.off
    this.k = fields.k
    this.kh = fields.kh
    this.next = this
    this.target = this
    this.pc = fields.pc
    this.insn = fields.insn
    this.image = fields.image
  }
}
