import { acceptedPrograms } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PrepareOptions, prepareProgram } from '../src/index.ts'
import { createJudge } from './support/judge.ts'
import { randomU32 } from './support/random-u32.ts'

/** `PROGRAMS=100000` for the long comparison, with other programs each time. The short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 400)
const RUN = { numRuns: PROGRAMS, ...(FULL === undefined ? { seed: 42 } : {}) }

describe('rewritten programs run as before', () => {
  it.each<[string, () => PrepareOptions]>([
    ['optimised', () => ({})],
    ['blinded', () => ({ optimise: false, blind: randomU32(1) })],
    ['optimised and blinded', () => ({ blind: randomU32(2) })],
  ])('%s: the same r0, packet, calls and count of instructions', { timeout: 1_800_000 }, (_, options) => {
    const judge = createJudge()
    fc.assert(
      fc.property(acceptedPrograms({ linux: '6.18' }), ({ insns, packet }) => {
        const rewritten = prepareProgram({ insns, subprograms: [] }, options())
        expect(judge(rewritten, packet)).toEqual(judge({ insns }, packet))
      }),
      RUN,
    )
  })
})
