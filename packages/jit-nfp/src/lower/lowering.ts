import { gprBoth } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { high } from '../emit/registers.ts'
import type { NfpProgram } from '../nfp-program.ts'
import type { NfpFunction } from '../program/functions.ts'
import type { InsnRecord } from '../program/insn-record.ts'

/** What the translation of an instruction sees besides the instruction. */
export interface Lowering {
  readonly emit: Emission
  readonly program: NfpProgram
  readonly functions: readonly NfpFunction[]
  /** Stack of the current function in whole words; bytes. */
  frameDepth: number
}

/** Translates one instruction; refuses through `emit`. */
export type Lower = (to: Lowering, record: InsnRecord) => void

/** Clears the upper half of the result, where the verifier could not show that nobody looks at it. */
export function zeroExtend({ emit }: Lowering, { fact, dst }: InsnRecord): void {
  if (fact.zeroExtend === true) emit.load(gprBoth(high(dst)), 0)
}
