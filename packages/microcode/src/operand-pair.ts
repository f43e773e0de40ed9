/**
 * Where two sources and a destination go in a word: one source in the A field, the other in the B field, with a bit that
 * tells that they were exchanged.
 *
 * Rules: two sources of one kind cannot be read at once (but both may be absent); a source of bank B on the left or of bank A
 * on the right exchanges the two.
 *
 * @see nfp_asm.c, swreg_to_unrestricted and swreg_to_restricted
 */
import { MicrocodeError } from './microcode-error.ts'
import { needsExtension, type Operand, type OperandKind } from './operand.ts'

/** Operands at their places in a word. */
export interface PlacedOperands {
  readonly a: number
  readonly b: number
  /** The eighth bit of an immediate, where its place only has seven. */
  readonly i8: boolean
  readonly dst: number
  readonly dstB: boolean
  readonly wrBoth: boolean
  readonly swap: boolean
  readonly srcLmExtn: boolean
  readonly dstLmExtn: boolean
}

/** How one operand is written in a field. */
export type OperandEncoder = (operand: Operand, isDestination: boolean) => number

const BANK_A: ReadonlySet<OperandKind> = new Set(['a', 'absoluteA'])
const BANK_B: ReadonlySet<OperandKind> = new Set(['b', 'absoluteB'])

/** The places of a destination, a left and a right source; `i8` is stored as it is given. @throws MicrocodeError MICROCODE_OPERAND */
export function place(encode: OperandEncoder, dst: Operand, left: Operand, right: Operand, i8 = false): PlacedOperands {
  if (dst.kind === 'immediate') refuse('an immediate cannot be a destination', dst)
  if (left.kind === right.kind && left.kind !== 'none') refuse('both sources are of one kind', left)
  const swap = BANK_B.has(left.kind) || BANK_A.has(right.kind)
  return {
    a: encode(swap ? right : left, false),
    b: encode(swap ? left : right, false),
    i8,
    dst: encode(dst, true),
    dstB: BANK_B.has(dst.kind),
    wrBoth: dst.kind === 'both' || dst.kind === 'absoluteBoth',
    swap,
    srcLmExtn: needsExtension(left) || needsExtension(right),
    dstLmExtn: needsExtension(dst),
  }
}

/** Refuses an operand. @throws MicrocodeError MICROCODE_OPERAND */
export function refuse(message: string, operand: Operand, expected?: string): never {
  throw new MicrocodeError({
    code: 'MICROCODE_OPERAND',
    message,
    got:
      operand.kind === 'local' ? `local memory ${operand.index}, ${operand.value}` : `${operand.kind} ${operand.value}`,
    ...(expected === undefined ? {} : { expected }),
  })
}
