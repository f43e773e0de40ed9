/**
 * Operands as a program names them, whatever their encoding in a word will be.
 *
 * @see nfp_asm.h, "Software register representation, independent of operand type"
 */
import { MicrocodeError } from './microcode-error.ts'

/**
 * Kinds of operands: general purpose registers of bank A, of bank B, or the same number in both, relative to the context or
 * absolute; transfer registers, by number or through T_INDEX; registers of the next neighbour, by number or through its
 * index; local memory through one of four index registers; immediates; none.
 */
export type OperandKind =
  | 'a'
  | 'b'
  | 'both'
  | 'absoluteA'
  | 'absoluteB'
  | 'absoluteBoth'
  | 'xfer'
  | 'xferIndex'
  | 'neighbour'
  | 'neighbourIndex'
  | 'local'
  | 'immediate'
  | 'none'

/** What happens to an index register when the operand has been used. */
export type LocalMode = 'offset' | 'increment' | 'decrement'

/** An operand. `value`: register number, word offset behind the index register, or the immediate. */
export interface Operand {
  readonly kind: OperandKind
  readonly value: number
  /** Index register of local memory, 0 to 3. */
  readonly index: number
  readonly mode: LocalMode
}

const register = (kind: OperandKind, value: number): Operand => ({ kind, value, index: 0, mode: 'offset' })

/** gprA_n: bank A. */
export const gprA = (n: number): Operand => register('a', n)
/** gprB_n: bank B. */
export const gprB = (n: number): Operand => register('b', n)
/** Both banks at once, as a destination; as a source the bank follows from the place. */
export const gprBoth = (n: number): Operand => register('both', n)
/** @gprA_n: bank A, by absolute number. */
export const absoluteA = (n: number): Operand => register('absoluteA', n)
/** @gprB_n: bank B, by absolute number. */
export const absoluteB = (n: number): Operand => register('absoluteB', n)
/** $xfer_n: transfer register, in when read and out when written. */
export const xfer = (n: number): Operand => register('xfer', n)
/** n$reg_n: register of the next neighbour. */
export const neighbour = (n: number): Operand => register('neighbour', n)
/** An immediate in an operand's place: 8 bits, 7 in restricted operands that have no bit for the eighth. */
export const imm = (value: number): Operand => register('immediate', value)
/** No operand: `--`. */
export const NO_OPERAND: Operand = register('none', 0)

/** *l$indexN[offset]: the word `offset` behind where index register N points; the hardware ORs it in. */
export const local = (index: number, offset = 0): Operand => localOperand(index, offset, 'offset')
/** *l$indexN++ */
export const localIncrement = (index: number): Operand => localOperand(index, 0, 'increment')
/** *l$indexN-- */
export const localDecrement = (index: number): Operand => localOperand(index, 0, 'decrement')

function localOperand(index: number, value: number, mode: LocalMode): Operand {
  if (!Number.isInteger(index) || index < 0 || index > 3) {
    throw new MicrocodeError({
      code: 'MICROCODE_OPERAND',
      message: 'local memory has no such index register',
      got: index,
      expected: '0 to 3',
    })
  }
  return { kind: 'local', value, index, mode }
}

/** Whether two operands are the same. */
export function sameOperand(x: Operand, y: Operand): boolean {
  return x.kind === y.kind && x.value === y.value && x.index === y.index && x.mode === y.mode
}

/** Index registers 2 and 3 need the extension bit of the word. */
export const needsExtension = (operand: Operand): boolean => operand.kind === 'local' && operand.index > 1
