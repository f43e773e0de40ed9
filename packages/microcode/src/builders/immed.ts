import { composer } from '../compose.ts'
import { type Field, replace, take, type Word } from '../field.ts'
import { classOf, LAYOUTS } from '../layouts.ts'
import { MicrocodeError } from '../microcode-error.ts'
import { imm, type Operand } from '../operand.ts'
import { IMMED_WIDTHS, type ImmedWidth } from '../operations.ts'
import { placeUnrestricted, UNRESTRICTED_IMMEDIATE } from '../unrestricted.ts'

/** How an `immed` puts its 16 bits into the destination. */
export interface ImmedForm {
  /** Only this part is written; the rest of the destination stays. */
  readonly width?: ImmedWidth
  /** All bits of the result are inverted. */
  readonly invert?: boolean
  /** Moved left by so many bytes. */
  readonly shiftBytes?: 0 | 1 | 2
}

const IMMED = composer('immed')

/**
 * immed[dst, value]
 *
 * ```
 *   44  43  42  41   34-33   31   30-29   27-20   19-10  9-0
 * | pcc|dx |sx |wb | shift | inv| width | imm hi |  B   | A |   one of A and B the destination, the other the low byte
 * ```
 * @param value 16 bits
 * @throws MicrocodeError MICROCODE_OPERAND, MICROCODE_FIELD
 * @see nfp_asm.h OP_IMMED_*
 */
export function immed(dst: Operand, value: number, form: ImmedForm = {}): Word {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) {
    throw new MicrocodeError({
      code: 'MICROCODE_FIELD',
      message: 'immed has 16 bits',
      got: value,
      expected: '0 to 65535',
    })
  }
  const placed = placeUnrestricted(dst, dst, imm(value & 0xff))
  return (
    IMMED.base +
    IMMED.a(dst.kind === 'none' ? placed.dst : placed.a) +
    IMMED.b(placed.b) +
    IMMED.immHi(value >>> 8) +
    IMMED.width(IMMED_WIDTHS[form.width ?? 'all']) +
    IMMED.invert(form.invert ?? false) +
    IMMED.shift(form.shiftBytes ?? 0) +
    IMMED.wrBoth(placed.wrBoth) +
    IMMED.srcLmExtn(placed.srcLmExtn) +
    IMMED.dstLmExtn(placed.dstLmExtn)
  )
}

/** nop: an immed of 0 without destination. */
export const nop = (): Word => IMMED.base + IMMED.a(UNRESTRICTED_IMMEDIATE) + IMMED.b(UNRESTRICTED_IMMEDIATE)

/**
 * Loads any 32 bits in one word where the value or its complement has only 16 bits in a row, else in two.
 *
 * @see nfp driver, wrp_immed: same choice of words
 */
export function loadImmediate(dst: Operand, value: number): Word[] {
  const unsigned = value >>> 0
  const direct = packed(unsigned)
  if (direct !== undefined) return [immed(dst, direct.value, { shiftBytes: direct.shiftBytes })]
  const inverted = packed(~unsigned >>> 0)
  if (inverted !== undefined) {
    return [immed(dst, inverted.value, { invert: true, shiftBytes: inverted.shiftBytes })]
  }
  return [immed(dst, unsigned & 0xffff), immed(dst, unsigned >>> 16, { width: 'word', shiftBytes: 2 })]
}

const SHIFTS = [0, 1, 2] as const

function packed(value: number): { readonly value: number; readonly shiftBytes: 0 | 1 | 2 } | undefined {
  for (const shiftBytes of SHIFTS) {
    const part = (value >>> (8 * shiftBytes)) & 0xffff
    if ((part << (8 * shiftBytes)) >>> 0 === value) return { value: part, shiftBytes }
  }
  return undefined
}

/** The 16 bits of a plain `immed`. @throws MicrocodeError MICROCODE_WORD: another word, or one with a form */
export function immedValue(word: Word): number {
  const { fields } = plainImmed(word)
  const source = lowByteField(word)
  return take(word, fields.immHi) * 256 + (take(word, source) & 0xff)
}

/** A plain `immed` with other 16 bits, as relocations need it. @throws MicrocodeError MICROCODE_WORD, MICROCODE_FIELD */
export function setImmedValue(word: Word, value: number): Word {
  const { fields } = plainImmed(word)
  const source = lowByteField(word)
  const low = replace('immed.low', word, source, UNRESTRICTED_IMMEDIATE | (value & 0xff))
  return replace('immed.immHi', low, fields.immHi, value >>> 8)
}

/** The operand that holds the low byte: B, unless the destination is there. */
const lowByteField = (word: Word): Field => {
  const { a, b } = LAYOUTS.immed.fields
  return isImmediate(take(word, b)) ? b : a
}

const isImmediate = (operand: number): boolean => (operand & UNRESTRICTED_IMMEDIATE) === UNRESTRICTED_IMMEDIATE

function plainImmed(word: Word): (typeof LAYOUTS)['immed'] {
  const { fields } = LAYOUTS.immed
  const plain = take(word, fields.invert) + take(word, fields.shift) + take(word, fields.width) === 0
  if (classOf(word) !== 'immed' || !plain) {
    throw new MicrocodeError({
      code: 'MICROCODE_WORD',
      message: 'only a plain immed has a value that can be changed',
      got: `0x${word.toString(16)}`,
    })
  }
  return LAYOUTS.immed
}
