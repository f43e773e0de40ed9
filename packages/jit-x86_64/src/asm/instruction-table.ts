import { ARITHMETIC } from './instructions/arithmetic.ts'
import { BITS } from './instructions/bits.ts'
import { CONTROL } from './instructions/control.ts'
import { LOCKED } from './instructions/locked.ts'
import { MOVES } from './instructions/moves.ts'

type Data = (typeof ARITHMETIC | typeof BITS | typeof CONTROL | typeof LOCKED | typeof MOVES)[number]

/** Mnemonic and operands as the manual writes them, which together name a row: `ADD r/m64, imm8`. */
export type X86Name = Data extends infer Row
  ? Row extends readonly [infer Mnemonic extends string, infer Operands extends string, ...unknown[]]
    ? Operands extends ''
      ? Mnemonic
      : `${Mnemonic} ${Operands}`
    : never
  : never

/**
 * Where the operands go, the manual's "Op/En" column: M the r/m field, R the reg field, O the opcode, V VEX.vvvv, I an
 * immediate or none but one, 1 and C the fixed operands 1 and CL, D a distance, ZO nowhere.
 */
export type OperandEncoding = Data[3]

/** What a processor must have besides x86-64-v1, '' when nothing. */
export type CpuFeature = Data[4]

/** One encoding, a line of the manual's opcode tables. */
export interface X86Row {
  readonly name: X86Name
  readonly mnemonic: string
  readonly operands: readonly string[]
  /** As in the manual: `REX.W + 83 /0 ib`. */
  readonly opcode: string
  readonly operandEncoding: OperandEncoding
  readonly feature: CpuFeature
}

function toRow([mnemonic, operands, opcode, operandEncoding, feature]: Data): X86Row {
  const name = (operands === '' ? mnemonic : `${mnemonic} ${operands}`) as X86Name
  return { name, mnemonic, operands: operands === '' ? [] : operands.split(', '), opcode, operandEncoding, feature }
}

/** Every encoding that the back end uses. */
export const X86_INSTRUCTIONS: readonly X86Row[] = [ARITHMETIC, MOVES, BITS, LOCKED, CONTROL].flatMap((family) =>
  family.map(toRow),
)

const byName = new Map(X86_INSTRUCTIONS.map((row) => [row.name, row]))

/** The row of that name. Names come from the type, so there always is one. */
export function x86Row(name: X86Name): X86Row {
  return byName.get(name) as X86Row
}
