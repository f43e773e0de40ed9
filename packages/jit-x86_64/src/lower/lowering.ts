import type { Insn, InstructionName } from '@bpfoundry/isa'
import type { Emitter } from '../emitter.ts'

/** Writes the code of one instruction, whose slot is `pc`. */
export type Lowering = (e: Emitter, insn: Insn, pc: number) => void

/** Lowerings by name of the instruction, for one family of rows. */
export type LoweringsOf<Name extends InstructionName> = Readonly<Record<Name, Lowering>>

/** Bits that an instruction computes with. */
export type Width = 32 | 64
