import { CLASSIC_INSTRUCTIONS, type ClassicInstructionName } from '../instruction-table.ts'

/** Codes by the names of the instruction table. */
export const OP = Object.freeze(
  Object.fromEntries(CLASSIC_INSTRUCTIONS.map(({ name, code }) => [name, code])),
) as Readonly<Record<ClassicInstructionName, number>>

/** Bytes that one load reads. */
export type LoadBytes = 1 | 2 | 4

/** Loads from a fixed offset, and from an offset behind X. */
export const LOAD: Readonly<Record<LoadBytes, number>> = { 1: OP.LD_B_ABS, 2: OP.LD_H_ABS, 4: OP.LD_W_ABS }
export const LOAD_INDEXED: Readonly<Record<LoadBytes, number>> = { 1: OP.LD_B_IND, 2: OP.LD_H_IND, 4: OP.LD_W_IND }

/** The bit that makes X the operand of arithmetic and comparisons, in place of k. */
export const OPERAND_X = 0x08

/** Arithmetic by what it does. */
export type ArithmeticName = 'ADD' | 'SUB' | 'MUL' | 'DIV' | 'MOD' | 'AND' | 'OR' | 'XOR' | 'LSH' | 'RSH'

/** Comparisons by what holds when they jump. */
export type ComparisonName = 'JEQ' | 'JGT' | 'JGE' | 'JSET'
