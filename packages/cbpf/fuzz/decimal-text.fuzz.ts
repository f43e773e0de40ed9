import { CbpfError, formatDecimal, readDecimal } from '../src/index.ts'

export const name = 'cbpf-decimal-text'

export function seeds(): Uint8Array[] {
  return ['3\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n', '1\r\n6 0 0 0\r\n', '0\n'].map((text) =>
    new TextEncoder().encode(text),
  )
}

/** Any text: a program that comes back, or an error of this package. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    const insns = readDecimal(new TextDecoder().decode(input))
    const again = readDecimal(formatDecimal(insns))
    if (JSON.stringify(again) !== JSON.stringify(insns)) throw new Error('the text is another program')
  } catch (error) {
    if (!(error instanceof CbpfError)) throw error
  }
}
