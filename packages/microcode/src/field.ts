import { MicrocodeError } from './microcode-error.ts'

/**
 * An instruction word: bits 0 to 44 the instruction, 45 to 51 its check bits once they are added. A double holds 53 bits,
 * so no BigInt is needed; bitwise operators of JavaScript only see 32 bits, so fields are taken by division.
 */
export type Word = number

/** Bits of an instruction, without check bits. */
export const INSTRUCTION_BITS = 45
/** The first number that is no instruction any more. */
export const INSTRUCTION_LIMIT: number = 2 ** INSTRUCTION_BITS

/** A field of a word: its highest and its lowest bit. */
export type Field = readonly [high: number, low: number]

/** `value` at its place in the word, to be added to the others. @throws MicrocodeError MICROCODE_FIELD */
export function put(name: string, field: Field, value: number | boolean): number {
  const bits = Number(value)
  const [high, low] = field
  const limit = 2 ** (high - low + 1)
  if (!Number.isInteger(bits) || bits < 0 || bits >= limit) {
    throw new MicrocodeError({
      code: 'MICROCODE_FIELD',
      message: `${name} does not fit`,
      got: bits,
      expected: `0 to ${limit - 1}`,
    })
  }
  return bits * 2 ** low
}

/** What stands in a field. Fields have at most 10 bits but for whole words, so the result is a small integer. */
export function take(word: Word, [high, low]: Field): number {
  return Math.floor(word / 2 ** low) % 2 ** (high - low + 1)
}

/** The word with another value in one field. @throws MicrocodeError MICROCODE_FIELD */
export function replace(name: string, word: Word, field: Field, value: number | boolean): Word {
  return word - take(word, field) * 2 ** field[1] + put(name, field, value)
}
