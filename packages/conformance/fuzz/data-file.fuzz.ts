import { IsaError } from '@bpfoundry/isa'
import { bareImage, ConformanceError, readDataCase } from '../src/index.ts'

export const name = 'data-file'

/** Reads a case and checks its program: a case, or one error with its place. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    const { insns, memory } = readDataCase('fuzz.data', new TextDecoder().decode(input))
    bareImage('fuzz', insns, memory.length)
  } catch (error) {
    if (error instanceof IsaError) return
    if (!(error instanceof ConformanceError) || error.where === undefined) throw error
  }
}

const text = (lines: string): Uint8Array => new TextEncoder().encode(lines)

export const seeds = (): Uint8Array[] => [
  text(
    '# c\n-- asm\nmov %r0, 0x10\nldxw %r1, [%r1+4]\nl:\njne32 %r0, -1, l\nlock fetch add [%r10-8], %r1\nexit\n-- mem\n00 ff\n-- result\n0x0\n',
  ),
  text('-- raw\n0x0000000000000095\n95 00 00 00 00 00 00 00\n-- error\nno\n'),
]
