import { disassembleKernel } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type VerifierMap, verify } from '../../src/index.ts'
import { randomProgram } from '../support/random-program.ts'
import { repetitions } from '../support/repetitions.ts'

const PROGRAMS = repetitions('VERIFIER_OLDER_PROGRAMS', 400, 150)
const RELEASES = ['4.19', '5.4', '5.10', '5.15', '6.1', '6.6'] as const

const common = { keySizeBytes: 4, maxEntries: 4, flags: 0 }
const MAPS = new Map<number, VerifierMap>([
  [3, { ...common, id: 1, name: 'array', type: MAP_TYPE.ARRAY, valueSizeBytes: 64 }],
  [4, { ...common, id: 2, name: 'hash', type: MAP_TYPE.HASH, valueSizeBytes: 16 }],
])

it('what an older release accepts of random programs, 6.12 accepts', () => {
  let accepted = 0
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(...RELEASES), (seed, release) => {
      const insns = randomProgram(seed, { array: 3, hash: 4 })
      const base = { name: 'random', type: PROG_TYPE.XDP, expectedAttachType: 0, flags: 0, gplCompatible: true }
      const judge = (profile: string): boolean =>
        verify({ ...base, insns, maps: MAPS }, { profile, complexityLimit: 20_000 }).ok
      if (!judge(release)) return
      accepted++
      if (!judge('6.12')) throw new Error(`${release} accepts it:\n${disassembleKernel(insns)}`)
    }),
    { numRuns: PROGRAMS },
  )
  expect(accepted).toBeGreaterThan(PROGRAMS / 100)
})
