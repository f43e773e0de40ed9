import { assembleLlvm } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { type VerifierResult, verify } from '../../src/index.ts'
import { type CaseFunction, describeFunctions } from '../support/functions.ts'

const CONTEXT = { struct: 'xdp_md', bytes: 24 }
const MAIN: CaseFunction = { name: 'main', args: [CONTEXT] }

function verdict(profile: string, asm: string, functions: readonly CaseFunction[]): VerifierResult {
  const { insns } = assembleLlvm(asm)
  const types = describeFunctions(insns, [MAIN, ...functions])
  const program = { name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, gplCompatible: true, maps: new Map() }
  return verify({ ...program, ...types, insns }, { profile }, { logLevel: 1 })
}

/** `f` is never called, for r0 is 0; and would read past the stack. */
const UNCALLED = 'r0 = 0\nif r0 == 0 goto out\ncall f\nout:\nr0 = 0\nexit\nf:\nr0 = *(u8 *)(r10 + 8)\nexit'
const TWICE = 'r6 = 0\nr1 = 1\ncall f\nif r0 > 1 goto bad\nexit\nbad:\nr0 = *(u8 *)(r10 + 8)\nexit\nf:\nr0 = r1\nexit'
const BY_POINTER = 'r1 = r10\nr1 += -8\n*(u64 *)(r10 - 8) = 0\ncall f\nr0 = 0\nexit\nf:\nr0 = 0\nexit'
const deep = (bytes: number): string =>
  `*(u8 *)(r10 - ${bytes}) = 0\ncall f\nr0 = 0\nexit\nf:\n*(u8 *)(r10 - 232) = 0\ncall g\nexit\ng:\nr0 = 0\nexit`
const NUMBER: CaseFunction = { name: 'f', args: ['int'] }
const STATIC: CaseFunction = { ...NUMBER, linkage: 'static' }

// biome-ignore format: table
const RULES: readonly (readonly [what: string, refused: string, accepted: string, asm: string, fns: readonly CaseFunction[], words: string])[] = [
  ['a global function that is not called', '6.6',  '6.12', UNCALLED,   [NUMBER],                                              'invalid read from stack'],
  ['a pointer to a global function',       '5.10', '5.15', BY_POINTER, [{ name: 'f', args: [{ struct: 's', bytes: 8 }] }],    'Arg#0 type PTR in f() is not supported yet.'],
  ['what a global function returned',      '5.10', '5.4',  TWICE,      [NUMBER],                                              'invalid read from stack'],
  ['frames that are nearly too large',     '6.6',  '6.12', deep(264),  [STATIC, { ...STATIC, name: 'g' }],                    'combined stack size of 2 calls is 544'],
]

describe('functions, by older rules', () => {
  it.each(RULES)('%s: refused by %s, accepted by %s', (_, refused, accepted, asm, functions, words) => {
    const old = verdict(refused, asm, functions)
    expect(old.log).toContain(words)
    expect(old.ok).toBe(false)
    expect(verdict(accepted, asm, functions)).toMatchObject({ ok: true })
  })

  it('global functions were judged before the program', () => {
    const asm = 'r1 = 1\ncall f\nr0 = *(u8 *)(r10 + 8)\nexit\nf:\nr1 = r2\nr0 = 0\nexit'
    expect(verdict('6.6', asm, [NUMBER]).log).toContain('R2 !read_ok')
    expect(verdict('6.12', asm, [NUMBER]).log).toContain('invalid read from stack')
  })
})
