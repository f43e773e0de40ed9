import { ConformanceError } from '../src/conformance-error.ts'
import { readAnnotations } from '../src/kernel-tree/progs/annotations.ts'

export const name = 'annotations'

/** Reads a function's tags, one a line: what they say, or one error that names the annotation. */
export function fuzzOnce(input: Uint8Array): void {
  const tags = new TextDecoder().decode(input).split('\n')
  try {
    const { expectations, auxiliary } = readAnnotations('fuzz', tags, 'X86_64')
    // Every program is tested, or loaded with others.
    if (Object.keys(expectations).length + auxiliary.length === 0) throw new Error('a program that nothing is said of')
  } catch (error) {
    if (!(error instanceof ConformanceError) || error.got === undefined) throw error
  }
}

const lines = (...tags: string[]): Uint8Array =>
  new TextEncoder().encode(tags.map((tag) => `comment:test_${tag}`).join('\n'))

export const seeds = (): Uint8Array[] => [
  lines('expect_success', 'retval=(u32)-1', 'log_level=2', 'prog_flags=!BPF_F_STRICT_ALIGNMENT', 'description=a=b'),
  lines('expect_failure_unpriv', 'expect_msg_unpriv=1=R1 {{[0-9]+}}', 'arch=X86_64', 'jited=2=...', 'auxiliary'),
]
