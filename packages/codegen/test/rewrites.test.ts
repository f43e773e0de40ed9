import type { Insn } from '@bpfoundry/isa'
import { acceptedPrograms } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PrepareOptions, prepareProgram } from '../src/index.ts'
import { idiomPrograms } from './support/idiom-programs.ts'
import { createJudge } from './support/judge.ts'
import { randomU32 } from './support/random-u32.ts'

/** `PROGRAMS=100000` for the long comparison, with other programs each time. The short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 120)
const RUN = { numRuns: PROGRAMS, ...(FULL === undefined ? { seed: 42 } : {}) }

// biome-ignore format: table
const WAYS: readonly [string, () => PrepareOptions][] = [
  ['as they are',           () => ({ optimise: false })],
  ['optimised',             () => ({})],
  ['blinded',               () => ({ optimise: false, blind: randomU32(1) })],
  ['optimised and blinded', () => ({ blind: randomU32(2) })],
]

/** What every way of preparing a program should give, and what it gives. */
function outcomes(judge: ReturnType<typeof createJudge>, insns: readonly Insn[], packet?: Uint8Array) {
  const expected = judge({ insns }, packet)
  const got = WAYS.map(([way, options]) => [way, judge(prepareProgram({ insns, subprograms: [] }, options()), packet)])
  return { expected: WAYS.map(([way]) => [way, expected]), got }
}

describe('programs prepared in any way give the same r0, packet, calls and count of instructions', () => {
  it('when they use all of the instruction set', { timeout: 1_800_000 }, () => {
    const judge = createJudge()
    fc.assert(
      fc.property(acceptedPrograms({ linux: '6.18' }), ({ insns, packet }) => {
        const { expected, got } = outcomes(judge, insns, packet)
        expect(got).toEqual(expected)
      }),
      RUN,
    )
  })

  it('when they are full of what the passes look for', { timeout: 1_800_000 }, () => {
    const judge = createJudge()
    const packet = fc.uint8Array({ minLength: 64, maxLength: 64 })
    fc.assert(
      fc.property(idiomPrograms(), packet, (insns, bytes) => {
        const { expected, got } = outcomes(judge, insns, bytes)
        expect(got).toEqual(expected)
      }),
      { ...RUN, numRuns: 4 * PROGRAMS },
    )
  })
})

it('without counting nothing weighs, and the results are the same', () => {
  const judge = createJudge()
  fc.assert(
    fc.property(idiomPrograms(), (insns) => {
      const rewritten = prepareProgram({ insns, subprograms: [] }, { count: false })
      expect(judge(rewritten)).toEqual({ ...judge({ insns }), executed: 0 })
    }),
  )
})

it('a program that was rewritten before keeps its count', () => {
  const judge = createJudge()
  fc.assert(
    fc.property(idiomPrograms(), fc.boolean(), (insns, optimise) => {
      const blinded = prepareProgram({ insns, subprograms: [] }, { blind: randomU32(5) })
      expect(judge(prepareProgram(blinded, { optimise }))).toEqual(judge({ insns }))
    }),
  )
})
