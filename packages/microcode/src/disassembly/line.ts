import type { OperandContext, OperandText } from './operand-text.ts'
import { restrictedText, unrestrictedText } from './operand-text.ts'

/** Bits of a word that say how its operands are meant. */
export interface OperandBits {
  readonly contexts: 4 | 8
  readonly srcLmExtn?: number
  readonly dstLmExtn?: number
  readonly i8?: number
}

/** A line that comes into being. As in binutils, what follows an operand that is none is left out, up to the last bracket. */
export class Line {
  #text = ''
  #valid = true
  readonly #bits: OperandBits

  constructor(bits: OperandBits) {
    this.#bits = bits
  }

  /** Plain text. */
  put(text: string): this {
    this.#text += text
    return this
  }

  /** A source of 10 bits. */
  source10(operand: number, bank: 'A' | 'B'): this {
    return this.#operand(() => unrestrictedText(operand, this.#context(bank, this.#bits.srcLmExtn)))
  }

  /** A destination of 10 bits. */
  target10(operand: number, bank: 'A' | 'B'): this {
    return this.#operand(() => unrestrictedText(operand, this.#context(bank, this.#bits.dstLmExtn)))
  }

  /** A source of 8 bits. */
  source8(operand: number, bank: 'A' | 'B'): this {
    return this.#operand(() => restrictedText(operand, this.#context(bank, this.#bits.srcLmExtn)))
  }

  /** A destination of 8 bits. */
  target8(operand: number, bank: 'A' | 'B'): this {
    return this.#operand(() => restrictedText(operand, this.#context(bank, this.#bits.dstLmExtn)))
  }

  /** What another line holds. */
  nested(line: Line): this {
    if (!this.#valid) return this
    this.#text += line.#text
    this.#valid = line.#valid
    return this
  }

  /** Something in the line is no valid encoding. */
  invalid(): this {
    this.#valid = false
    return this
  }

  /** The line. */
  end(): string {
    return this.#valid ? this.#text : `${this.#text}\t # ERROR`
  }

  #operand(print: () => OperandText): this {
    if (!this.#valid) return this
    const { text, valid } = print()
    this.#text += text
    this.#valid = valid
    return this
  }

  #context(bank: 'A' | 'B', extension: number | undefined): OperandContext {
    return { bank, contexts: this.#bits.contexts, extended: extension === 1, byteBit: this.#bits.i8 === 1 }
  }
}

/** The other bank if `condition`. */
export const bankOf = (condition: number): 'A' | 'B' => (condition === 1 ? 'B' : 'A')

/** Words behind a data word: what it does to condition codes and to the other bank. */
export function suffixes(fields: {
  readonly noCc?: number
  readonly wrBoth: number
  readonly predicateCc: number
}): string {
  const { noCc, wrBoth, predicateCc } = fields
  return (
    (noCc === 1 ? ', no_cc' : '') + (wrBoth === 1 ? ', gpr_wrboth' : '') + (predicateCc === 1 ? ', predicate_cc' : '')
  )
}
