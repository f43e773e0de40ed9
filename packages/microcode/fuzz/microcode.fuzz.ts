import { decode, disassemble, loadableBytes, MicrocodeError, nop, wordsFromBytes, wordsToBytes } from '../src/index.ts'

export const name = 'microcode'

/** Any bytes: words come back as the same bytes, and every word prints and decodes, or is said to be none. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    const words = wordsFromBytes(input)
    const bytes = wordsToBytes(words)
    if (bytes.some((byte, index) => byte !== input[index])) throw new Error('encoding changed the bytes')
    for (const word of words) {
      for (const contexts of [4, 8] as const) {
        const text = disassemble(word, { contexts })
        if (text === '' || text.includes('undefined')) throw new Error(`a word without text: ${text}`)
        decode(word, { contexts })
      }
    }
  } catch (error) {
    if (!(error instanceof MicrocodeError)) throw error
  }
}

export const seeds = (): Uint8Array[] => [loadableBytes([nop(), 0xf0012cd000, 0x105c00088300]), new Uint8Array(64)]
