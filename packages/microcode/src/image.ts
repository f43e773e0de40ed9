/** Words as bytes: 64 bits each, little-endian, the way the driver hands them to the card. */
import { checkEcc, withEcc } from './ecc.ts'
import type { Word } from './field.ts'
import { MicrocodeError } from './microcode-error.ts'

/** Bytes of a word in an image. */
export const WORD_BYTES = 8
const HALF = 2 ** 32
/** Of the high half only 20 bits belong to a word. */
const HIGH_LIMIT = 2 ** 20

/** Words as they are, check bits or not, in bytes. */
export function wordsToBytes(words: readonly Word[]): Uint8Array {
  const bytes = new Uint8Array(words.length * WORD_BYTES)
  const view = new DataView(bytes.buffer)
  words.forEach((word, index) => {
    view.setUint32(index * WORD_BYTES, word >>> 0, true)
    view.setUint32(index * WORD_BYTES + 4, Math.floor(word / HALF), true)
  })
  return bytes
}

/** Instructions with check bits added, in bytes: what can be loaded. @throws MicrocodeError MICROCODE_WORD */
export const loadableBytes = (instructions: readonly Word[]): Uint8Array => wordsToBytes(instructions.map(withEcc))

/** Words from bytes. @throws MicrocodeError MICROCODE_LENGTH, MICROCODE_WORD; with `check`, MICROCODE_ECC */
export function wordsFromBytes(bytes: Uint8Array, options: { readonly check?: boolean } = {}): Word[] {
  if (bytes.length % WORD_BYTES !== 0) {
    throw new MicrocodeError({
      code: 'MICROCODE_LENGTH',
      message: 'microcode is no whole number of words',
      got: bytes.length,
      expected: `a multiple of ${WORD_BYTES} bytes`,
    })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / WORD_BYTES }, (_, index) => readWord(view, index, options.check ?? false))
}

function readWord(view: DataView, index: number, check: boolean): Word {
  const high = view.getUint32(index * WORD_BYTES + 4, true)
  const word = high * HALF + view.getUint32(index * WORD_BYTES, true)
  if (high >= HIGH_LIMIT) {
    throw new MicrocodeError({ code: 'MICROCODE_WORD', message: 'the word has bits above 52', where: { pc: index } })
  }
  if (check && !checkEcc(word)) {
    throw new MicrocodeError({ code: 'MICROCODE_ECC', message: 'the check bits are wrong', where: { pc: index } })
  }
  return word
}
