/**
 * Operands in the syntax of binutils' nfp disassembler, from their encodings (see unrestricted.ts and restricted.ts).
 * A row an encoding: the bits of `mask` have the value of `is`. The first that fits is printed.
 */
import { UNRESTRICTED_IMMEDIATE } from '../unrestricted.ts'

/** What an operand's text depends on besides its own bits. */
export interface OperandContext {
  readonly bank: 'A' | 'B'
  readonly contexts: 4 | 8
  /** Whether local memory is reached through index registers 2 and 3. */
  readonly extended: boolean
  /** The eighth bit of an immediate. */
  readonly byteBit: boolean
}

interface Row {
  readonly mask: number
  readonly is: number
  readonly text: (operand: number, context: OperandContext) => string
}

const bit = (value: number, index: number): number => (value >>> index) & 1
/** Number of a register that is relative to the context. */
const relative = (operand: number, { contexts }: OperandContext): number => operand & (contexts === 8 ? 0xf : 0x1f)
const upper = ({ contexts }: OperandContext): number => (contexts === 8 ? 16 : 32)
const step = (operand: number): string => ['', '++', '--', ''][(operand >>> 1) & 3] ?? ''
const offset = (words: number): string => (words === 0 ? '' : `[${words}]`)
const index = (low: number, context: OperandContext): number => low + (context.extended ? 2 : 0)
const hex = (value: number): string => `0x${value.toString(16)}`

const gpr = (n: number, context: OperandContext): string => `gpr${context.bank}_${relative(n, context)}`

// biome-ignore format: an encoding a line
const UNRESTRICTED: readonly Row[] = [
  { mask: 0x380, is: 0x080, text: (n, { bank }) => `@gpr${bank}_${n & 0x7f}` },
  { mask: 0x3c0, is: 0x000, text: gpr },
  { mask: 0x380, is: 0x100, text: (n) => `*$index${step(n)}` },
  { mask: 0x380, is: 0x180, text: (n, context) => `$xfer_${relative(n, context) + bit(n, 6) * upper(context)}` },
  { mask: 0x3c0, is: 0x240, text: (n) => `*n$index${bit(n, 1) === 1 ? '++' : ''}` },
  { mask: 0x3c0, is: 0x280, text: (n, context) => `n$reg_${relative(n, context)}` },
  { mask: 0x3d0, is: 0x210, text: (n, context) => `*l$index${index(bit(n, 5), context)}${bit(n, 0) === 1 ? '--' : '++'}` },
  { mask: 0x3c0, is: 0x200, text: (n, context) => `*l$index${index(bit(n, 5), context)}${offset(n & 0xf)}` },
  { mask: 0x300, is: 0x300, text: (n) => hex(n & 0xff) },
]

// biome-ignore format: an encoding a line
const RESTRICTED: readonly Row[] = [
  { mask: 0xe0, is: 0x00, text: gpr },
  { mask: 0xe0, is: 0x80, text: (n, context) => `$xfer_${relative(n, context)}` },
  { mask: 0xe0, is: 0xc0, text: (n, context) => `$xfer_${relative(n, context) + upper(context)}` },
  { mask: 0xf1, is: 0x40, text: (n) => `*$index${step(n)}` },
  { mask: 0xf1, is: 0x41, text: (n) => `*n$index${bit(n, 1) === 1 ? '++' : ''}` },
  { mask: 0xf0, is: 0x50, text: (n, context) => `*l$index${index(bit(n, 3), context)}${offset(n & 7)}` },
  { mask: 0x20, is: 0x20, text: (n, { byteBit }) => hex(restrictedImmediate(n, byteBit)) },
]

/** Text of an operand, and whether it is one at all. */
export interface OperandText {
  readonly text: string
  readonly valid: boolean
}

function print(rows: readonly Row[], operand: number, context: OperandContext): OperandText {
  const row = rows.find(({ mask, is }) => (operand & mask) === is)
  return row === undefined
    ? { text: `<opnd:${hex(operand)}>`, valid: false }
    : { text: row.text(operand, context), valid: true }
}

/** An unrestricted operand. */
export const unrestrictedText = (operand: number, context: OperandContext): OperandText =>
  print(UNRESTRICTED, operand, context)
/** A restricted operand. */
export const restrictedText = (operand: number, context: OperandContext): OperandText =>
  print(RESTRICTED, operand, context)

/** Whether an unrestricted operand is an immediate; as a destination: none. */
export const isUnrestrictedImmediate = (operand: number): boolean =>
  (operand & UNRESTRICTED_IMMEDIATE) === UNRESTRICTED_IMMEDIATE
/** Whether a restricted operand is an immediate; as a destination: none. */
export const isRestrictedImmediate = (operand: number): boolean => (operand & 0x20) !== 0
/** The value of a restricted immediate. */
export const restrictedImmediate = (operand: number, byteBit: boolean): number =>
  (byteBit ? 0x80 : 0) | ((operand & 0xc0) >> 1) | (operand & 0x1f)
