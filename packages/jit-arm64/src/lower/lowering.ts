import type { Insn, InstructionName } from '@bpfoundry/isa'
import type { Emission } from '../emission.ts'

/** Writes the code of one BPF instruction. */
export type Lowering = (e: Emission, insn: Insn) => void

/** Lowerings by name of the instruction, for one family of rows. */
export type LoweringsOf<Name extends InstructionName> = Readonly<Record<Name, Lowering>>
