import type { Insn } from './insn.ts'

/** A name that assembly uses and does not define. */
export interface AsmRelocation {
  /** Slot whose imm, of both slots for `data`, is to be filled in. */
  readonly pc: number
  /** `call` of a function, `data` the address of a map, variable or function (LD_IMM64). */
  readonly kind: 'call' | 'data'
  readonly symbol: string
}

/** What an assembler makes of a text. */
export interface AssembledProgram {
  readonly insns: readonly Insn[]
  /** Slot of each named label. */
  readonly labels: ReadonlyMap<string, number>
  /** Empty unless external names were allowed. */
  readonly relocations: readonly AsmRelocation[]
  /** Line of the source, from 1, that each slot came from. */
  readonly lines: readonly number[]
}

/** Options that both assemblers have. */
export interface AssembleOptions {
  /** Name of the source in errors. Default: `<asm>`. */
  readonly file?: string
  /** Names that stand for numbers. */
  readonly constants?: Readonly<Record<string, number | bigint>>
}
