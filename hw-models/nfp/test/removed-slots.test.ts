import { assembleLlvm, type Insn } from '@bpfoundry/isa'
import { expect, test } from 'vitest'
import { verifierCuts } from '../src/removed-slots.ts'
import { zeroExtended } from '../src/zero-extension.ts'

const program = (source: string): readonly Insn[] => assembleLlvm(source).insns

/** Slots that some path reached, as the verifier of Linux finds them, and what it then takes out. */
// biome-ignore format: table
const CUTS: readonly (readonly [title: string, source: string, seen: readonly number[], removed: readonly number[], wired: readonly number[]])[] = [
  ['nothing',                                      'r0 = 2; exit',                                            [0, 1],       [],        []],
  ['a branch that is never taken, and its target', 'r1 = 1; if r1 == 2 goto l; r0 = 2; exit; l: r0 = 1; exit', [0, 1, 2, 3], [1, 4, 5], [1]],
  ['what is jumped over for good, and the jump',   'r1 = 1; if r1 == 1 goto l; r0 = 2; exit; l: r0 = 1; exit', [0, 1, 4, 5], [1, 2, 3], []],
  ['a jump to the next slot',                      'goto l; l: r0 = 2; exit',                                 [0, 1, 2],    [0],       []],
  ['a jump over dead code only',                   'goto l; r0 = 1; l: r0 = 2; exit',                         [0, 2, 3],    [0, 1],    []],
  ['not a jump over a jump that goes itself',      'goto l; goto l; l: r0 = 2; exit',                         [0, 1, 2, 3], [1],       []],
]

test.each(CUTS)('the verifier takes out %s', (_title, source, seen, removed, wired) => {
  const insns = program(source.replaceAll('; ', '\n'))
  const cuts = verifierCuts(insns, (pc) => seen.includes(pc))
  expect([...cuts.removed.entries()].filter(([, gone]) => gone === 1).map(([pc]) => pc)).toEqual(removed)
  expect([...cuts.wiredToNext]).toEqual(wired)
})

/** Writes of a low half whose register is read as a whole later. @see is_reg64, mark_insn_zext in kernel/bpf/verifier.c */
// biome-ignore format: table
const EXTENDED: readonly (readonly [title: string, source: string, extended: readonly number[]])[] = [
  ['the result, at the exit',                  'w0 = 2; exit',                                                     [0]],
  ['not what only low halves are read of',     'w1 = 2; w0 = w1; exit',                                            [1]],
  ['what a 64-bit operation reads',            'w1 = 2; r0 = 1; r0 += r1; exit',                                   [0]],
  ['not what is overwritten first',            'w1 = 2; r1 = 3; r0 = r1; exit',                                    []],
  ['what a 64-bit comparison reads',           'w1 = 2; r0 = 0; if r1 == 5 goto l; r0 = 1; l: exit',               [0]],
  ['not what a 32-bit comparison reads',       'w1 = 2; r0 = 0; if w1 == 5 goto l; r0 = 1; l: exit',               []],
  ['what is spilled as a whole',               'w1 = 2; *(u64 *)(r10 - 8) = r1; r0 = 0; exit',                     [0]],
  ['not what is stored by its low half',       'w1 = 2; *(u32 *)(r10 - 8) = w1; r0 = 0; exit',                     []],
  ['short loads that are read as a whole',     'r2 = r10; *(u32 *)(r10 - 4) = w2; w1 = *(u8 *)(r10 - 4); r0 = r1; exit', [2]],
  ['arguments of a helper, as many as it has', 'w1 = 2; w2 = 3; w3 = 4; call 44; r0 = 0; exit',                    [0, 1]],
  ['on either way of a branch',                'w1 = 2; if w1 == 5 goto l; w1 = 3; l: r0 = r1; exit',              [0, 2]],
  ['around a loop',                            'w1 = 2; w2 = 0; l: w2 += 1; r1 += r2; if w2 < 9 goto l; r0 = r1; exit', [0, 2]],
  ['arguments and results of functions',       'w1 = 2; call f; r6 = r0; r0 = r6; exit; f: r2 = r1; w0 = w2; exit', [0, 6]],
  ['not results that nobody reads as a whole', 'w1 = 2; call f; w6 = w0; r0 = 1; exit; f: w0 = w1; exit',          []],
]

test.each(EXTENDED)('zero-extended: %s', (_title, source, extended) => {
  const insns = program(source.replaceAll('; ', '\n'))
  expect([...zeroExtended(insns, () => true)].sort((a, b) => a - b)).toEqual(extended)
})
